//! The reconciler, asked.

use async_trait::async_trait;

use super::{
    ApplicationView, Error, ObjectNode, PlanView, RollbackPreview, RollbackRequest, RolledBack,
    Service, Tracked, queries, rollback,
};
use crate::Reconciler;
use crate::history::{Feed, NewStep, Reader, StepKind, Trigger, Write};
use crate::source::Person;

#[async_trait]
impl Service for Reconciler {
    fn history(&self) -> &Reader {
        self.core.history.reader()
    }

    fn follow(&self, after: i64) -> Feed {
        self.core.history.follow(after)
    }

    fn wake(&self, trigger: Trigger) {
        self.core.waker.wake(trigger);
    }

    async fn tracked(&self) -> Result<Tracked, Error> {
        queries::tracked(&self.core).await
    }

    async fn applications(&self) -> Result<Vec<ApplicationView>, Error> {
        queries::applications(&self.core).await
    }

    async fn application(&self, name: &str) -> Result<ApplicationView, Error> {
        queries::application(&self.core, name).await
    }

    async fn objects(&self, application: &str) -> Result<Vec<ObjectNode>, Error> {
        queries::objects(&self.core, application).await
    }

    async fn plan(&self, application: &str, revision: &str) -> Result<PlanView, Error> {
        queries::plan(&self.core, application, revision).await
    }

    async fn sync(&self, application: &str, actor: &Person) -> Result<(), Error> {
        if !queries::exists(&self.core, application) {
            return Err(queries::missing(application));
        }
        let at = self.core.env.now();
        let text = format!("{} asks for a sync", actor.name);
        let step = NewStep::new(at, StepKind::Requested, text).application(application);
        let writes = [
            Write::Request {
                application: application.to_owned(),
                actor: actor.to_string(),
                at,
            },
            Write::Step(step),
        ];
        self.core.history.commit(&writes).await?;
        self.core.wake(application);
        Ok(())
    }

    async fn preview_rollback(&self, rollout: &str) -> Result<RollbackPreview, Error> {
        rollback::preview(&self.core, rollout).await
    }

    async fn rollback(&self, request: &RollbackRequest) -> Result<RolledBack, Error> {
        rollback::rollback(&self.core, request).await
    }
}
