//! What is wrong with a commit, where, and what to do about it.

use std::fmt;

/// One finding, with its place in the repository.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problem {
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to do, or the nearest valid name.
    pub hint: String,
    /// `Deployment shop/web`, where the object is known.
    pub object: String,
    /// `spec.template.spec`, where a field is meant.
    pub field: String,
    /// Path in the repository. Empty only where no file is to blame.
    pub file: String,
    /// From 1; 0 where unknown.
    pub line: u32,
    /// From 1; 0 where unknown.
    pub column: u32,
    /// The text of that line, and how many characters of it are meant.
    pub excerpt: Option<Excerpt>,
}

/// The line a problem is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    pub text: String,
    /// Characters to underline, from the problem's column on.
    pub width: u32,
}

impl Problem {
    pub fn new(file: &str, message: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            message: message.into(),
            ..Self::default()
        }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    #[must_use]
    pub fn object(mut self, object: impl Into<String>) -> Self {
        self.object = object.into();
        self
    }

    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = field.into();
        self
    }

    /// Places the problem; both count from 1.
    #[must_use]
    pub fn at(mut self, line: u32, column: u32) -> Self {
        self.line = line;
        self.column = column;
        self
    }

    /// Cuts the excerpt out of the file's text, underlining the word at the problem's column.
    #[must_use]
    pub fn picture(mut self, text: &str) -> Self {
        let line = usize::try_from(self.line).unwrap_or(0);
        let Some(line) = line.checked_sub(1).and_then(|at| text.lines().nth(at)) else {
            return self;
        };
        let start = usize::try_from(self.column).unwrap_or(1).saturating_sub(1);
        let word = line
            .chars()
            .skip(start)
            .take_while(|c| !c.is_whitespace() && !matches!(c, ':' | ',' | '}' | ']'))
            .count();
        self.excerpt = Some(Excerpt {
            text: line.chars().take(160).collect(),
            width: u32::try_from(word.clamp(1, 80)).unwrap_or(1),
        });
        self
    }

    /// In one line: the place, what is wrong there, and what to do.
    pub fn sentence(&self) -> String {
        let mut text = if self.file.is_empty() {
            self.message.clone()
        } else {
            format!("{}: {}", self.place(), self.message)
        };
        if !self.object.is_empty() {
            text = format!("{text} in {}", self.object);
        }
        if !self.hint.is_empty() {
            text = format!("{text}, {}", self.hint);
        }
        text
    }

    /// `apps/web.yaml:7:3`, as far as it is known.
    pub fn place(&self) -> String {
        match (self.line, self.column) {
            (0, _) => self.file.clone(),
            (line, 0) => format!("{}:{line}", self.file),
            (line, column) => format!("{}:{line}:{column}", self.file),
        }
    }
}

/// Several lines, for a terminal: the sentence, the place, the line with a mark under the word.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        if !self.object.is_empty() {
            write!(f, " in {}", self.object)?;
        }
        let gutter = if self.line == 0 {
            1
        } else {
            self.line.to_string().len()
        };
        if !self.file.is_empty() {
            write!(f, "\n{:gutter$}--> {}", "", self.place())?;
        }
        if let Some(excerpt) = &self.excerpt {
            let indent: String = excerpt
                .text
                .chars()
                .take(usize::try_from(self.column).unwrap_or(1).saturating_sub(1))
                .map(|c| if c == '\t' { '\t' } else { ' ' })
                .collect();
            let marks = "^".repeat(usize::try_from(excerpt.width).unwrap_or(1));
            write!(f, "\n{:gutter$} |", "")?;
            write!(f, "\n{:gutter$} | {}", self.line, excerpt.text)?;
            write!(f, "\n{:gutter$} | {indent}{marks}", "")?;
            if !self.hint.is_empty() {
                write!(f, " {}", self.hint)?;
            }
        } else if !self.hint.is_empty() {
            write!(f, "\n{:gutter$}  = {}", "", self.hint)?;
        }
        Ok(())
    }
}

/// All findings about one commit, in the order of the files; never empty where it is an error.
#[derive(Debug, Clone, PartialEq, Eq, Default, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// The first finding in one line: what a status or a table shows.
    pub fn summary(&self) -> String {
        self.first(1)
    }

    /// The first `most` findings in one line, and how many more there are.
    pub fn first(&self, most: usize) -> String {
        let told: Vec<String> = self.0.iter().take(most).map(Problem::sentence).collect();
        let text = told.join("; ");
        match self.0.len() - told.len() {
            0 => text,
            more => format!("{text} (and {more} more)"),
        }
    }

    /// `Ok` where there is nothing to find fault with.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl From<crate::tree::Error> for Problem {
    fn from(error: crate::tree::Error) -> Self {
        if let crate::tree::Error::Encrypted { path, source } = &error {
            return source.problem(path);
        }
        let text = error.to_string();
        let path = error.path().to_owned();
        let message = text
            .strip_prefix(&format!("{path}: "))
            .unwrap_or(&text)
            .to_owned();
        let hint = std::error::Error::source(&error).map(ToString::to_string);
        Self::new(&path, message).hint(hint.unwrap_or_default())
    }
}

impl From<crate::tree::Error> for Problems {
    fn from(error: crate::tree::Error) -> Self {
        Problem::from(error).into()
    }
}
