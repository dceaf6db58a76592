-- The events of one object, or of the objects of one application.
create index reports_by_subject on reports (about_name, about_namespace, last_at desc);
