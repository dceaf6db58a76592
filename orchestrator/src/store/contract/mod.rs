//! What every store must do. Each function is one test, run against a fresh store.

pub(super) mod concurrency;
pub(super) mod fixture;
pub(super) mod log;
pub(super) mod writes;

/// Makes one test of every function of the contract, against what `$open` opens.
macro_rules! contract {
    ($open:path) => {
        crate::store::contract::contract!($open; writes:
            creates_and_reads_back_the_exact_bytes
            refuses_what_its_precondition_forbids
            answers_each_write_of_a_batch_alone
            commits_all_of_a_transaction_or_none
            sees_earlier_steps_of_the_same_transaction
            gives_a_name_to_one_object_only
            frees_and_takes_a_name_in_one_transaction
        );
        crate::store::contract::contract!($open; log:
            numbers_changes_in_commit_order
            tells_what_was_before
            travels_in_time
            compacts_and_keeps_the_boundary
            tells_the_history_of_one_object
            announces_commits_in_order
        );
        crate::store::contract::contract!($open; concurrency:
            lets_sixteen_writers_lose_nothing
            lets_one_of_many_writers_win
        );
    };
    ($open:path; $group:ident: $($name:ident)*) => { $(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let opened = $open().await;
            crate::store::contract::$group::$name(opened.store()).await;
        }
    )* };
}
pub(super) use contract;
