//! The covers as files: refused before the job when they cannot be written, whole or not there at all.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Refuses a folder that cannot be written to, and leaves no trace of having tried.
pub(super) fn check_writable(folder: &Path) -> Result<(), Failure> {
    let refused = |why: &dyn std::fmt::Display| {
        Failure::bad_input(format!(
            "the output folder {} cannot be written to: {why}",
            folder.display()
        ))
    };
    // A folder that is not there yet is made when the covers are; what counts is the nearest one that is.
    let nearest = folder
        .ancestors()
        .find(|path| path.as_os_str().is_empty() || path.exists());
    let nearest = match nearest {
        None => Path::new("."),
        Some(path) if path.as_os_str().is_empty() => Path::new("."),
        Some(path) => path,
    };
    if !nearest.is_dir() {
        return Err(refused(&format_args!(
            "{} is not a folder",
            nearest.display()
        )));
    }
    temporary()
        .tempfile_in(nearest)
        .map(drop)
        .map_err(|error| refused(&error))
}

/// Writes a file under another name and renames it, so that nobody ever sees half of it.
pub(crate) fn write_whole(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let write = || -> io::Result<()> {
        let folder = file
            .parent()
            .filter(|path| !path.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut half = temporary().tempfile_in(folder)?;
        io::Write::write_all(&mut half, bytes)?;
        half.persist(file).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|error| Failure::other(format!("cannot write {}: {error}", file.display())))
}

/// A temporary file with the mode that any new file of this person gets.
fn temporary() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".cosci-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder
}

/// `<input stem>-<n>.<ext>` in the output folder.
pub(super) fn cover_path(folder: &Path, stem: &Path, number: usize, extension: &str) -> PathBuf {
    let mut name = OsString::from(stem);
    name.push(format!("-{number}.{extension}"));
    folder.join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_yet_leaves_no_trace_of_the_check() {
        let folder = tempfile::tempdir().expect("a folder");
        check_writable(&folder.path().join("a/b")).expect("writable");
        assert_eq!(fs::read_dir(folder.path()).expect("a listing").count(), 0);
    }

    #[test]
    fn a_file_in_the_place_of_the_folder_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        fs::write(&file, "x").expect("a file");
        let failure = check_writable(&file.join("covers")).expect_err("a refusal");
        assert_eq!(failure.kind.exit(), 2);
        assert!(failure.message.contains("is not a folder"), "{failure}");
    }

    #[test]
    fn a_file_is_written_whole_and_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = cover_path(&folder.path().join("new"), Path::new("a.b"), 2, "png");
        write_whole(&path, b"picture").expect("written");
        assert_eq!(
            fs::read(folder.path().join("new/a.b-2.png")).expect("a file"),
            b"picture"
        );
        assert_eq!(
            fs::read_dir(folder.path().join("new"))
                .expect("a listing")
                .count(),
            1
        );
    }
}
