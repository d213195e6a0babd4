//! Prepares what the pages load: every address in a style or a script names the version of all assets together, so that a
//! browser may keep each for ever; and each is compressed once, here, as far as that makes it smaller.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    #[cfg(feature = "server")]
    assets::prepare();
}

#[cfg(feature = "server")]
mod assets {
    use std::hash::{DefaultHasher, Hash, Hasher};
    use std::io::Write;
    use std::path::{Path, PathBuf};
    use std::{env, fs};

    use flate2::{Compression, GzBuilder};

    const FOLDER: &str = "src/http/assets";

    /// The files in the order of their names; what is only read by people (licences, lists) stays out.
    fn files() -> Vec<PathBuf> {
        let entries = fs::read_dir(FOLDER).expect("the assets");
        let mut all: Vec<PathBuf> = entries.map(|entry| entry.expect("an asset").path()).collect();
        all.retain(|path| path.is_file() && path.extension().is_some_and(|kind| kind != "toml"));
        all.sort();
        all
    }

    fn name(path: &Path) -> &str {
        path.file_name()
            .and_then(|name| name.to_str())
            .expect("a name in ASCII")
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a build script hears from Cargo by its environment alone"
    )]
    pub fn prepare() {
        println!("cargo:rerun-if-changed={FOLDER}");
        let out = PathBuf::from(env::var_os("OUT_DIR").expect("set by Cargo")).join("assets");
        fs::create_dir_all(&out).expect("a folder");
        let all: Vec<(PathBuf, Vec<u8>)> = files()
            .into_iter()
            .map(|path| (path.clone(), fs::read(path).expect("an asset")))
            .collect();
        let version = version(&all);
        println!("cargo:rustc-env=CASETRAIL_ASSETS={version}");
        for (path, bytes) in all {
            let ready = with_version(&path, bytes, &version);
            fs::write(out.join(format!("{}.gz", name(&path))), compressed(&ready)).expect("written");
            fs::write(out.join(name(&path)), ready).expect("written");
        }
    }

    /// What tells these assets from others: a hash over all names and bytes.
    fn version(all: &[(PathBuf, Vec<u8>)]) -> String {
        let mut hash = DefaultHasher::new();
        for (path, bytes) in all {
            (name(path), bytes).hash(&mut hash);
        }
        format!("{:016x}", hash.finish())
    }

    fn with_version(path: &Path, bytes: Vec<u8>, version: &str) -> Vec<u8> {
        match path.extension().and_then(|kind| kind.to_str()) {
            Some("css" | "js") => {
                let text = String::from_utf8(bytes).expect("text in UTF-8");
                text.replace("\"/static/", &format!("\"/static/{version}/"))
                    .into_bytes()
            }
            _ => bytes,
        }
    }

    /// Compressed, or nothing where that saves less than a tenth.
    fn compressed(bytes: &[u8]) -> Vec<u8> {
        let mut gz = GzBuilder::new().write(Vec::new(), Compression::best());
        gz.write_all(bytes).expect("memory");
        let small = gz.finish().expect("memory");
        if small.len() * 10 < bytes.len() * 9 {
            small
        } else {
            Vec::new()
        }
    }
}
