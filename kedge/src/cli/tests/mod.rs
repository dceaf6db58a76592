mod files;
mod help;
