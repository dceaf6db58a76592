//! As much of PostgreSQL's protocol as it takes to see that a server is ready and to create a
//! database: startup without a password, and the simple query.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::Error;
use crate::location::socket;

/// The superuser that `initdb` makes.
pub(crate) const USER: &str = "kedge";
/// Protocol 3.0.
const VERSION: i32 = 196_608;
/// More than any message we ask for.
const MAX_MESSAGE: usize = 1 << 20;
/// Copying a template is the slowest of what is asked.
const PATIENCE: Duration = Duration::from_mins(1);

/// Runs one statement in `database` and forgets the rows. Also proves that the server is ready.
pub(crate) async fn execute(
    socket_directory: &Path,
    database: &str,
    statement: &str,
) -> Result<(), Error> {
    let path = socket(socket_directory);
    let failed = |source| Error::Connect {
        socket: path.clone(),
        source,
    };
    let talk = async {
        let mut stream = UnixStream::connect(&path).await.map_err(failed)?;
        stream.write_all(&startup(database)).await.map_err(failed)?;
        finish(&mut stream, "connect").await.map_err(failed)??;
        stream
            .write_all(&message(b'Q', statement))
            .await
            .map_err(failed)?;
        finish(&mut stream, statement).await.map_err(failed)?
    };
    timeout(PATIENCE, talk)
        .await
        .unwrap_or_else(|_| Err(failed(io::ErrorKind::TimedOut.into())))
}

/// Reads until the server is ready for a query; a refusal on the way is the inner error.
async fn finish(stream: &mut UnixStream, operation: &str) -> io::Result<Result<(), Error>> {
    let mut outcome = Ok(());
    loop {
        let kind = match stream.read_u8().await {
            // The server closes the connection after a refusal at startup.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && outcome.is_err() => {
                return Ok(outcome);
            }
            kind => kind?,
        };
        let length = usize::try_from(stream.read_i32().await?).unwrap_or(0);
        if !(4..=MAX_MESSAGE).contains(&length) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut body = vec![0; length - 4];
        stream.read_exact(&mut body).await?;
        match kind {
            b'Z' => return Ok(outcome),
            b'E' => outcome = Err(refusal(&body, operation)),
            // Anything but "authenticated" asks for what we do not have.
            b'R' if body != [0; 4] => return Err(io::ErrorKind::PermissionDenied.into()),
            _ => {}
        }
    }
}

fn startup(database: &str) -> Vec<u8> {
    let mut body = VERSION.to_be_bytes().to_vec();
    for text in [
        "user",
        USER,
        "database",
        database,
        "application_name",
        "kedge",
    ] {
        body.extend(text.as_bytes());
        body.push(0);
    }
    body.push(0);
    framed(&body)
}

fn message(kind: u8, text: &str) -> Vec<u8> {
    let mut body = text.as_bytes().to_vec();
    body.push(0);
    let mut message = vec![kind];
    message.extend(framed(&body));
    message
}

fn framed(body: &[u8]) -> Vec<u8> {
    let length = i32::try_from(body.len() + 4).expect("statements here are short");
    let mut message = length.to_be_bytes().to_vec();
    message.extend(body);
    message
}

/// Fields: a letter, then text up to a zero.
fn refusal(body: &[u8], operation: &str) -> Error {
    let field = |letter: u8| {
        body.split(|byte| *byte == 0)
            .find_map(|field| field.strip_prefix(&[letter]))
            .map(|text| String::from_utf8_lossy(text).into_owned())
            .unwrap_or_default()
    };
    Error::Refused {
        operation: operation.to_owned(),
        code: field(b'C'),
        message: field(b'M'),
    }
}

/// An identifier in quotes.
pub(crate) fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_framed() {
        assert_eq!(message(b'Q', "ab"), b"Q\0\0\0\x07ab\0");
        assert_eq!(startup("db")[..8], [0, 0, 0, 55, 0, 3, 0, 0]);
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
        let error = refusal(b"SERROR\0C42P04\0Mexists\0\0", "create").to_string();
        assert_eq!(error, "PostgreSQL refused to create: exists (42P04)");
    }
}
