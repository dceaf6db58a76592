//! Asks `gpg` and `ssh-keygen`.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use client::Env;

use super::{OPENPGP, SSH, Signed, Signer, Trust, Unverified, decide};
use crate::source::Error;
use crate::source::command::{PATH, Private, finish};

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who signed it. `place` is a directory to be made for the question.
///
/// # Errors
/// The outer one where nobody could be asked; the inner one says why the signature does not count.
pub(crate) async fn verify(
    signed: &Signed,
    trust: &Trust,
    place: PathBuf,
    env: &Env,
) -> Result<Result<Signer, Unverified>, Error> {
    let Some(signature) = &signed.signature else {
        return Ok(Err(Unverified::Unsigned));
    };
    let private = Private::new(place)?;
    private.write("signature", signature)?;
    let asked = Question {
        private: &private,
        env,
    };
    if signature.trim_start().starts_with(OPENPGP) {
        if trust.openpgp.is_empty() {
            return Ok(Err(Unverified::Untrusted("an OpenPGP key".into())));
        }
        return asked.gpg(signed, trust).await;
    }
    if signature.trim_start().starts_with(SSH) {
        if trust.signers.is_empty() {
            return Ok(Err(Unverified::Untrusted("an SSH key".into())));
        }
        return asked.ssh(signed, trust).await;
    }
    let text = "it is neither OpenPGP's nor SSH's".to_owned();
    Ok(Err(Unverified::Unknown(text)))
}

struct Question<'a> {
    private: &'a Private,
    env: &'a Env,
}

/// What a program printed, and whether it was content.
pub(super) struct Said {
    pub(super) well: bool,
    pub(super) answer: String,
    pub(super) words: String,
}

impl Question<'_> {
    async fn gpg(
        &self,
        signed: &Signed,
        trust: &Trust,
    ) -> Result<Result<Signer, Unverified>, Error> {
        const QUIET: [&str; 8] = [
            "--homedir",
            ".",
            "--batch",
            "--no-tty",
            "--no-auto-key-retrieve",
            "--trust-model",
            "always",
            "--status-fd=1",
        ];
        self.private.write("trusted", &trust.openpgp.join("\n"))?;
        let import = [&QUIET[..], &["--import", "trusted"]].concat();
        self.run("gpg", &import, &[]).await?;
        let verify = [&QUIET[..], &["--verify", "signature", "-"]].concat();
        let said = self.run("gpg", &verify, &signed.content).await?;
        let found = decide::gpg(&said.answer);
        Ok(found.and_then(|signer| {
            let refused = || Unverified::Unknown("gpg refuses it".into());
            said.well.then_some(signer).ok_or_else(refused)
        }))
    }

    async fn ssh(
        &self,
        signed: &Signed,
        trust: &Trust,
    ) -> Result<Result<Signer, Unverified>, Error> {
        self.private.write("trusted", &trust.signers.join("\n"))?;
        let find = ["-Y", "find-principals", "-s", "signature", "-f", "trusted"];
        let found = self.run("ssh-keygen", &find, &[]).await?;
        let mut refusal = Unverified::Untrusted("an SSH key".into());
        for principal in found.answer.lines().filter(|_| found.well) {
            let verify = [
                "-Y",
                "verify",
                "-n",
                "git",
                "-f",
                "trusted",
                "-I",
                principal,
                "-s",
                "signature",
            ];
            let said = self.run("ssh-keygen", &verify, &signed.content).await?;
            let all = format!("{}\n{}", said.answer, said.words);
            if said.well {
                return Ok(decide::ssh(&all, principal));
            }
            refusal = decide::ssh_refusal(&all);
        }
        Ok(Err(refusal))
    }

    async fn run(&self, program: &'static str, line: &[&str], input: &[u8]) -> Result<Said, Error> {
        run((self.private, self.env), program, line, input).await
    }
}

/// Runs a program in a private directory, with nothing of this process' environment.
pub(super) async fn run(
    (private, env): (&Private, &Env),
    program: &'static str,
    line: &[&str],
    input: &[u8],
) -> Result<Said, Error> {
    let mut command = Command::new(program);
    command
        .args(line)
        .env_clear()
        .env("PATH", PATH)
        .env("LC_ALL", "C")
        .env("HOME", private.path())
        .current_dir(private.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let failed = |source| Error::Verifier { program, source };
    let mut child = command.spawn().map_err(failed)?;
    let stdin = child.stdin.take();
    let writing = async {
        if let Some(mut stdin) = stdin {
            // One that has seen enough does not read to the end.
            let _read = stdin.write_all(input).await;
        }
    };
    let working = async { tokio::join!(writing, finish(&mut child)).1 };
    let (ended, answer, words) = tokio::select! {
        finished = working => finished,
        () = env.clock.sleep(PATIENCE) => {
            let late = std::io::ErrorKind::TimedOut;
            return Err(failed(late.into()));
        }
    };
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok(Said {
        well: ended.map_err(failed)?.success(),
        answer: text(answer),
        words: text(words),
    })
}
