//! Custom resources with an unchanged kubectl: from the definition to its end.

use anyhow::{Context, ensure};
use jiff::SignedDuration;
use sim::instance::{Instance, empty_seed, kubectls, wait};

const DEFINITION: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, shortNames: [wd], categories: [toys]}
  versions:
  - name: v1
    served: true
    storage: true
    subresources:
      status: {}
      scale: {specReplicasPath: .spec.count, statusReplicasPath: .status.count}
    additionalPrinterColumns:
    - {name: Colour, type: string, jsonPath: .spec.colour}
    - {name: Count, type: integer, jsonPath: .spec.count}
    schema:
      openAPIV3Schema:
        description: A thing of some colour.
        type: object
        required: [spec]
        properties:
          spec:
            type: object
            required: [colour]
            properties:
              colour: {type: string, enum: [red, blue], description: What it looks like.}
              count: {type: integer, minimum: 0, default: 1}
            x-kubernetes-validations:
            - {rule: \"self.colour != 'red' || self.count < 9\", message: red ones are few}
          status:
            type: object
            properties: {count: {type: integer}}
";

fn widget(name: &str, spec: &str) -> String {
    format!(
        "apiVersion: example.org/v1\nkind: Widget\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n"
    )
}

#[test]
fn custom_resources_live_and_go_with_their_definition() -> anyhow::Result<()> {
    let instance = Instance::start(
        "custom",
        &["--seed", &empty_seed()?, "--runtime", "simulated"],
    )?;
    let program = kubectls()?.pop().context("no kubectl")?;
    let run = |line: &str| -> anyhow::Result<String> {
        let words: Vec<&str> = line.split_whitespace().collect();
        instance.run(&program, &words)
    };
    let write = |name: &str, text: &str| -> anyhow::Result<String> {
        let file = instance.directory().join(name);
        std::fs::write(&file, text)?;
        Ok(file.display().to_string())
    };
    let definition = write("definition.yaml", DEFINITION)?;
    run(&format!("apply -f {definition}"))?;
    run("wait --for=condition=Established crd/widgets.example.org --timeout=10s")?;
    contains(&run(&format!("apply -f {definition}"))?, "unchanged")?;
    contains(&run("api-resources --api-group=example.org")?, "wd")?;
    contains(&run("explain widget.spec.colour")?, "What it looks like.")?;

    let good = write("good.yaml", &widget("a", "colour: red"))?;
    run(&format!("apply -f {good}"))?;
    contains(&run(&format!("apply -f {good}"))?, "unchanged")?;
    run(&format!("apply --server-side --force-conflicts -f {good}"))?;
    contains(&run("get wd")?, "COLOUR")?;
    contains(&run("get widgets.v1.example.org a")?, "red")?;
    contains(&run("get toys -A -o name")?, "widget.example.org/a")?;
    contains(&run("describe widget a")?, "Colour:")?;
    let refused = |file: &str, spec: &str, expected: &str| -> anyhow::Result<()> {
        let path = write(file, &widget("b", spec))?;
        let said = run(&format!("apply -f {path}")).expect_err("it is refused");
        contains(&said.to_string(), expected)
    };
    refused(
        "unknown.yaml",
        "colour: red, size: 1",
        "unknown field \"spec.size\"",
    )?;
    refused(
        "value.yaml",
        "colour: green",
        "Unsupported value: \"green\"",
    )?;
    refused(
        "type.yaml",
        "colour: red, count: many",
        "must be of type integer",
    )?;
    refused("rule.yaml", "colour: red, count: 9", "red ones are few")?;
    refused("absent.yaml", "count: 2", "spec.colour: Required value")?;

    run("scale widget a --replicas=4")?;
    ensure!(instance.field(&["widget", "a"], "{.spec.count}")? == "4");
    run("patch widget a --type=merge -p {\"spec\":{\"colour\":\"blue\"}}")?;
    run(
        "patch widget a --type=json -p [{\"op\":\"replace\",\"path\":\"/spec/count\",\"value\":5}]",
    )?;
    run("patch widget a --subresource=status --type=merge -p {\"status\":{\"count\":3}}")?;
    run("label widget a tier=front")?;
    contains(
        &run("get widgets -l tier=front -o name")?,
        "widget.example.org/a",
    )?;
    ensure!(instance.field(&["widget", "a"], "{.metadata.generation}")? == "4");
    run("wait --for=jsonpath={.status.count}=3 widget/a --timeout=10s")?;

    // A namespace and an owner take custom objects along.
    run("create namespace toys")?;
    run(&format!("apply -n toys -f {good}"))?;
    run("delete namespace toys --timeout=60s")?;
    let owner = instance.field(&["widget", "a"], "{.metadata.uid}")?;
    let owned = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: owned\n  ownerReferences:\n  \
         - {{apiVersion: example.org/v1, kind: Widget, name: a, uid: {owner}}}\n"
    );
    let owned = write("owned.yaml", &owned)?;
    run(&format!("apply -f {owned}"))?;
    run("delete widget a")?;
    wait(
        "the end of what it owned",
        SignedDuration::from_secs(20),
        || run("get configmap owned").is_err(),
    )?;

    run(&format!("apply -f {good}"))?;
    run("delete crd widgets.example.org --timeout=30s")?;
    let said = run("get widgets").expect_err("it is not served any more");
    // kubectl still remembers that there was such a kind.
    contains(&said.to_string(), "could not find the requested resource")?;
    run(&format!("apply -f {definition}"))?;
    run("wait --for=condition=Established crd/widgets.example.org --timeout=10s")?;
    ensure!(run("get widgets")?.is_empty(), "its objects went with it");
    Ok(())
}

fn contains(text: &str, part: &str) -> anyhow::Result<()> {
    ensure!(text.contains(part), "{part:?} is not in: {text}");
    Ok(())
}
