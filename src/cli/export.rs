//! `casetrail export`: asks for a packet, waits for it, downloads it and checks its size and digest.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Value, json};

use super::client::{Client, ClientArgs};
use super::failure::{Done, Failure};
use super::output::{self, Counted, ProgressDisplay};
use crate::blobs::hash;
use crate::forms::parse_id;
use crate::packets::wrapped;

/// Time between two looks at a packet that is being built.
const LOOK: Duration = Duration::from_millis(500);

/// What stands on the command line after `export`.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// The case, by id or number
    case: String,
    /// The file to write [default: the case number with .zip, or .zip.age]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// court_exhibits, discovery, supplement, referral or internal
    #[arg(long, default_value = "court_exhibits")]
    purpose: String,
    /// The exhibit list that numbers and describes the exhibits, by id; the packet is for what the list is for
    #[arg(long, value_name = "ID", conflicts_with = "purpose")]
    exhibit_list: Option<String>,
    /// The earlier packet, by id: the new one is a supplement that shows what is new since
    #[arg(long, value_name = "ID", conflicts_with = "purpose")]
    supplement_of: Option<String>,
    /// A packet that was asked for before, by id: it is only fetched, such as a referral that was released meanwhile
    #[arg(long, value_name = "ID", conflicts_with_all = ["purpose", "exhibit_list", "supplement_of", "recipient", "redaction", "certificates", "duplicates", "profile"])]
    packet: Option<String>,
    /// A redaction that stands in the packet in the place of what it was made from, by id; may be given more than once
    #[arg(long, value_name = "ID")]
    redaction: Vec<String>,
    /// Who it is for
    #[arg(long)]
    recipient: Option<String>,
    /// Drafts of certificates that go with it: 902-11, 902-13, 902-14, separated by commas
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    certificates: Vec<String>,
    /// Whose templates the certificates are made from [default: federal]
    #[arg(long, requires = "certificates")]
    jurisdiction: Option<String>,
    /// The day of the trial or hearing, such as 2027-03-01
    #[arg(long, value_name = "DAY", requires = "certificates")]
    hearing_on: Option<String>,
    /// Whether standard duplicates (JPEG, MP4, MP3) stand beside what a courtroom may not play: true or false [default: true for
    /// a court, discovery and a supplement]
    #[arg(long, value_name = "BOOLEAN")]
    duplicates: Option<bool>,
    /// A folder with the files once more, named and listed for another system: jers, loadfile; may be given more than once
    #[arg(long, value_name = "PROFILE")]
    profile: Vec<String>,
    /// Encrypt the packet to this public key of age (age1…); may be given several times
    #[arg(long, value_name = "KEY")]
    age: Vec<String>,
    #[command(flatten)]
    client: ClientArgs,
}

/// Exports a case.
pub fn run(here: &str, args: ExportArgs) -> Done {
    check_keys(&args.age)?;
    let client = Client::new(&args.client, here)?;
    let case = client.case(&args.case)?;
    let out = args
        .out
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("{}.zip{}", file_name(&case.number), ending(&args.age))));
    // Known before anything is built, not after.
    if out.exists() {
        let message = format!("{} exists already: choose another name", out.display());
        return Err(Failure::field("--out", "taken", message));
    }
    check_writable(&out)?;
    let asked = match &args.packet {
        Some(id) => client.get(&format!("/packets/{}", named("--packet", id)?))?,
        None => {
            let wish = wish(&client, &case.id, &args)?;
            client.post(&format!("/cases/{}/packets", case.id), &wish)?
        }
    };
    if asked["case_id"] != case.id.as_str() {
        let message = "is a packet of another case: name its case";
        return Err(Failure::field("--packet", "case", message));
    }
    let id = asked["id"]
        .as_str()
        .ok_or_else(|| Failure::failed("the server's answer is no packet"))?
        .to_owned();
    let mut progress = ProgressDisplay::new();
    let packet = wait(&client, &id, asked, &mut progress)?;
    if let Some(told) = kept_back(&packet, &args.case)? {
        progress.end();
        output::print(&told);
        return Ok(ExitCode::SUCCESS);
    }
    let target = Target {
        out: &out,
        keys: &args.age,
    };
    download(&client, &packet, &target, &mut progress)?;
    progress.end();
    told(&packet, &target);
    Ok(ExitCode::SUCCESS)
}

/// What is asked for.
fn wish(client: &Client, case: &str, args: &ExportArgs) -> Result<Value, Failure> {
    let mut wish = match &args.exhibit_list {
        Some(id) => with_list(client, case, id)?,
        None => json!({"purpose": args.purpose}),
    };
    if let Some(earlier) = &args.supplement_of {
        if args.exhibit_list.is_none() {
            wish["purpose"] = "supplement".into();
        }
        wish["supplement_of"] = named("--supplement-of", earlier)?.into();
    }
    if let Some(recipient) = &args.recipient {
        wish["recipient"] = recipient.as_str().into();
    }
    if !args.redaction.is_empty() {
        wish["redactions"] = args.redaction.clone().into();
    }
    if let Some(duplicates) = args.duplicates {
        wish["duplicates"] = duplicates.into();
    }
    if !args.profile.is_empty() {
        wish["profiles"] = args.profile.clone().into();
    }
    if !args.certificates.is_empty() {
        let mut certificates = json!({"rules": args.certificates});
        for (name, said) in [("jurisdiction", &args.jurisdiction), ("hearing_on", &args.hearing_on)] {
            certificates[name] = said.clone().into();
        }
        wish["certificates"] = certificates;
    }
    Ok(wish)
}

/// An id as the command line gives it.
fn named(option: &str, id: &str) -> Result<String, Failure> {
    parse_id(id).ok_or_else(|| Failure::field(option, "uuid", "must be an id, a UUID"))
}

/// Why a packet that is built does not leave yet, where it is a referral without a release.
fn kept_back(packet: &Value, case: &str) -> Result<Option<String>, Failure> {
    let text = |value: &Value| output::clean(value.as_str().unwrap_or_default());
    match packet["release"]["state"].as_str() {
        Some("waiting") => Ok(Some(format!(
            "packet {id}\nit is built, and waits for a supervisor of the case's unit to release it\nfetch it then: casetrail export {case} --packet {id}\n",
            id = text(&packet["id"]),
            case = output::clean(case),
        ))),
        Some("refused") => {
            let (by, why) = (
                text(&packet["release"]["by"]["name"]),
                text(&packet["release"]["reason"]),
            );
            let detail =
                format!("{by} refused to release this referral: {why}. Build another without what was refused");
            Err(Failure::failed(detail))
        }
        _ => Ok(None),
    }
}

/// Where a packet is to lie, and to whom it is encrypted.
struct Target<'t> {
    out: &'t Path,
    keys: &'t [String],
}

fn told(packet: &Value, target: &Target<'_>) {
    let name = output::clean(&target.out.display().to_string());
    let text = |field: &str| output::clean(packet[field].as_str().unwrap_or("?"));
    let (how, plain) = match target.keys.is_empty() {
        true => (String::new(), name.clone()),
        false => {
            let plain = name.strip_suffix(wrapped::ENDING).unwrap_or("packet.zip").to_owned();
            let how = format!("decrypt it with the key's own file: age -d -i KEY-FILE -o {plain} {name}\n");
            (how, plain)
        }
    };
    output::print(&format!(
        "packet {}\n{name} ({} bytes{})\nsha256 {}\n{how}check it anywhere: casetrail verify {plain} --key VKEY\n",
        text("id"),
        packet["size"],
        if target.keys.is_empty() {
            ""
        } else {
            " before it was encrypted"
        },
        text("sha256"),
    ));
}

fn check_keys(keys: &[String]) -> Result<(), Failure> {
    match keys.iter().find(|key| wrapped::key(key).is_none()) {
        None => Ok(()),
        Some(wrong) => {
            let message = format!("{} is no public key of age: it begins with age1", output::clean(wrong));
            Err(Failure::field("--age", "age_key", message))
        }
    }
}

fn ending(keys: &[String]) -> &'static str {
    if keys.is_empty() { "" } else { wrapped::ENDING }
}

/// What is asked for with an exhibit list, as it is now. What is missing is told, and stops nothing here.
fn with_list(client: &Client, case: &str, id: &str) -> Result<Value, Failure> {
    let id = named("--exhibit-list", id)?;
    let place = format!("/cases/{case}/exhibit-lists/{id}");
    let list = client.get(&place)?;
    let missing = client.get(&format!("{place}/missing"))?;
    for one in missing["items"].as_array().into_iter().flatten() {
        let what = one["what"].as_str().unwrap_or_default().replace('_', " ");
        output::complain(&format!(
            "missing: {}, {}: {}",
            output::clean(&what),
            one["count"],
            output::clean(one["says"].as_str().unwrap_or_default())
        ));
    }
    Ok(json!({"purpose": list["purpose"], "exhibit_list": {"id": id, "version": list["version"]}}))
}

/// Where the packet is to lie, something can be written: what is issued cannot be taken back.
fn check_writable(out: &Path) -> Result<(), Failure> {
    let part = part_of(out);
    let unwritable = |e: io::Error| {
        let message = format!(
            "{} cannot be written ({e}): name a file in a folder that you may write to",
            out.display()
        );
        Failure::field("--out", "writable", message)
    };
    File::create(&part).map_err(unwritable)?;
    fs::remove_file(&part).map_err(unwritable)
}

fn part_of(out: &Path) -> PathBuf {
    let mut part = out.as_os_str().to_owned();
    part.push(".part");
    part.into()
}

fn wait(client: &Client, id: &str, mut packet: Value, progress: &mut ProgressDisplay) -> Result<Value, Failure> {
    loop {
        let count = |name: &str| packet[name].as_u64().unwrap_or(0);
        match packet["state"].as_str() {
            Some("ready") => return Ok(packet),
            Some("failed") => {
                let detail = format!("packet {id} could not be made: {}", why(&packet));
                return Err(Failure::failed(detail));
            }
            Some("building") => progress.show(
                packet["step"].as_str().unwrap_or("building"),
                Counted::Things,
                count("done"),
                count("total"),
            ),
            _ => progress.show("waiting for its turn", Counted::Things, 0, 0),
        }
        std::thread::sleep(LOOK);
        packet = client.get(&format!("/packets/{id}"))?;
    }
}

fn why(packet: &Value) -> String {
    let said = packet["problem"]["detail"]
        .as_str()
        .or_else(|| packet["error"].as_str());
    said.unwrap_or("the server does not say why").to_owned()
}

fn download(
    client: &Client,
    packet: &Value,
    target: &Target<'_>,
    progress: &mut ProgressDisplay,
) -> Result<(), Failure> {
    let (part, id) = (part_of(target.out), packet["id"].as_str().unwrap_or_default());
    let answer = client.send(|| Ok(client.http().get(client.url(&format!("/packets/{id}/file")))))?;
    let kept = write(answer, (&part, target.keys), packet, progress);
    if let Err(failure) = kept {
        // What is not the packet must not lie there as if it were.
        let _ = fs::remove_file(&part);
        return Err(failure);
    }
    fs::rename(&part, target.out)?;
    Ok(())
}

/// A file that is written as it is, or encrypted on the way, so that the plain packet lies nowhere.
enum PacketSink {
    Plain(File),
    Encrypted(Box<age::stream::StreamWriter<File>>),
}

impl PacketSink {
    fn to(file: File, keys: &[String]) -> io::Result<Self> {
        if keys.is_empty() {
            return Ok(Self::Plain(file));
        }
        let writer = wrapped::encrypted(keys, file).map_err(|e| io::Error::other(e.detail))?;
        Ok(Self::Encrypted(Box::new(writer)))
    }

    fn take(&mut self, piece: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.write_all(piece),
            Self::Encrypted(writer) => writer.write_all(piece),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.sync_all(),
            Self::Encrypted(writer) => writer.finish()?.sync_all(),
        }
    }
}

fn write(
    answer: impl io::Read,
    (part, keys): (&Path, &[String]),
    packet: &Value,
    progress: &mut ProgressDisplay,
) -> Result<(), Failure> {
    let unwritable = |e: io::Error| Failure::failed(format!("{}: {e}", part.display()));
    let mut sink = File::create(part)
        .and_then(|file| PacketSink::to(file, keys))
        .map_err(unwritable)?;
    let (mut done, total) = (0, packet["size"].as_u64().unwrap_or(0));
    let hashed = hash(answer, |piece| {
        sink.take(piece)?;
        done += piece.len() as u64;
        progress.show("downloading", Counted::Bytes, done, total);
        Ok(())
    })
    .map_err(unwritable)?;
    sink.finish().map_err(unwritable)?;
    check(packet, hashed.size, &hashed.sha256.to_string())
}

fn check(packet: &Value, size: u64, sha256: &str) -> Result<(), Failure> {
    if packet["size"].as_u64() == Some(size) && packet["sha256"].as_str() == Some(sha256) {
        return Ok(());
    }
    let detail = format!(
        "what arrived is not the packet: {size} bytes with sha256 {sha256}, but the server says {} bytes with {}. Nothing was kept; run the command again",
        packet["size"], packet["sha256"]
    );
    Err(Failure::failed(detail))
}

/// A case's number as a file's name.
fn file_name(number: &str) -> String {
    let odd = |c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.');
    let name = number.replace(odd, "-");
    let name = name.trim_matches('.').to_owned();
    if name.is_empty() { "packet".into() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_packet_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let part = folder.path().join("p.part");
        let digest = crate::proof::Digest::of(b"whole").to_string();
        let packet = json!({"size": 5, "sha256": digest});
        let mut progress = ProgressDisplay::quiet();
        assert!(write(&b"whole"[..], (&part, &[]), &packet, &mut progress).is_ok());
        assert!(
            write(&b"whol"[..], (&part, &[]), &packet, &mut progress)
                .is_err_and(|f| f.detail.contains("not the packet"))
        );
        assert!(write(&b"whale"[..], (&part, &[]), &packet, &mut progress).is_err());
    }

    #[test]
    fn what_is_encrypted_is_read_with_the_key_alone() {
        let folder = tempfile::tempdir().unwrap();
        let part = folder.path().join("p.part");
        let owner = age::x25519::Identity::generate();
        let keys = [owner.to_public().to_string()];
        assert!(check_keys(&keys).is_ok());
        assert_eq!(check_keys(&["age1x".to_owned()]).unwrap_err().errors[0].rule, "age_key");
        let packet = json!({"size": 5, "sha256": crate::proof::Digest::of(b"whole").to_string()});
        let mut progress = ProgressDisplay::quiet();
        assert!(write(&b"whole"[..], (&part, &keys), &packet, &mut progress).is_ok());
        let kept = std::fs::read(&part).unwrap();
        assert!(!kept.windows(5).any(|some| some == b"whole"));
        assert_eq!(age::decrypt(&owner, &kept).unwrap(), b"whole");
    }

    #[test]
    fn where_nothing_can_be_written_is_known_before() {
        let folder = tempfile::tempdir().unwrap();
        assert!(check_writable(&folder.path().join("p.zip")).is_ok());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        for bad in ["nowhere/p.zip", "/proc/p.zip"] {
            let told = check_writable(&folder.path().join(bad)).unwrap_err();
            assert_eq!((told.code, &*told.errors[0].rule), (2, "writable"));
        }
    }

    #[test]
    fn numbers_become_names() {
        assert_eq!(file_name("26/004417 a"), "26-004417-a");
        assert_eq!(file_name(".."), "packet");
    }
}
