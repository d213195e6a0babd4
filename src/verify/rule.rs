//! The rules of the walk, each with what it says of a file. `docs/format/verify.md` describes them.
//!
//! A finding that quotes a number, a name or a cause is worded where it is found.

/// A rule's name in the report, and the message of its finding.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    pub name: &'static str,
    pub says: &'static str,
}

macro_rules! rules {
    ($($rule:ident $name:literal $says:literal;)*) => {
        $(pub(super) const $rule: Rule = Rule { name: $name, says: $says };)*
    };
}

// What a group of checks says when all of them pass.
rules! {
    LAYOUT "layout" "every required file is there, and none that the layout does not name";
    ISSUED "issued" "the packet's issue is an event that names manifest, cut and inventory";
    EVENTS "events" "the case's events form one unbroken chain up to the issue";
    INVENTORY "inventory" "lists every capture recorded up to the cut, once, in their order";
    RECORDS "records" "every record shown is the one its event bound";
    STATUSES "statuses" "what became of each capture follows from the events and from what was asked for";
    PACKET "packet" "says what records, events and request say, leaves out nothing, and names every exhibit file";
    MANIFEST "manifest" "lists every file under data/ with its digest";
    TAGMANIFEST "tagmanifest" "lists every other file with its digest";
    BAG "bag" "the bag is BagIt 1.0 and of its size, its labels and HOW-TO-VERIFY.txt are what the records say";
    LOG "log" "the issue is a leaf of the tree that the log's checkpoint signs";
    PDF "papers.pdf" "the papers in PDF are those that packet.json names";
    PAGE "index" "shows what the documents say, as case-uco.jsonld and ro-crate-metadata.json do: made from them again, they are the same byte for byte";
    OWN_VERIFIER "verifier" "is the page that this verifier gives out, byte for byte";
    SIGNER_TRUSTED "signer" "is signed by the log you trust";
}

// What cannot be checked, and what is not there.
rules! {
    REQUEST_UNREAD "statuses" "the record of the request is not shown as it was bound";
    TOLD "exhibits.told" "what redacted exhibits tell of their captures is what whoever redacted them recorded; it cannot be compared with records that are withheld";
    EARLIER_PAPERS "papers" "is of an earlier version, which did not bind HOW-TO-VERIFY.txt, the organization in bag-info.txt and the reasons in inventory.json";
    LATER_PAPERS "papers" "is of a later version: HOW-TO-VERIFY.txt, and the reasons in inventory.json, are not compared with what it must say";
    EARLIER_PAGE "index" "is of an earlier version, which this verifier does not make: what it shows is not checked; --render DIR writes this verifier's own page";
    PAGE_NOT_CHECKED "index" "packet.json has no head, which names the page's version";
    OTHER_VERIFIER "verifier" "is another page than this verifier gives out: rely on nothing that it says, and take one from the agency";
    SAME_KIND_OF_PAGE "verifier" "is a page like this one, and neither can vouch for itself";
    HOW_TO_NOT_CHECKED "bag" "packet.json has no head to compare it with";
    BAG_NOT_CHECKED "bag" "packet.json has no head, or the request no record, to compare it with";
    PDF_NOT_COMPARED "papers.pdf" "what it shows is not compared, for this verifier makes no PDFs: its bytes are those that the manifest lists, and the evidence hash that the report prints must be this packet's";
    CERTIFICATES_NOT_COMPARED "papers.pdf" "is a draft, as all certificates here are, and what they show is not compared: a draft certifies nothing before somebody signs it, and where it says something else than packet.json, packet.json counts";
    PDF_NO_HEAD "papers.pdf" "packet.json has no head, which names the papers in PDF";
    EXTRA "log.extra" "carries extra data, for which nobody vouches";
    SIGNER_OF_NOTHING "signer" "no key that is shown or given signed this checkpoint";
    SIGNER_NOT_CHECKED "signer" "no key was given; anyone could have made this packet";
    NO_TIME "time" "no time authority has stamped this packet's checkpoint";
    NO_WITNESS "witness" "no outside witness has cosigned: never anchored";
}

// What fails. Files and lines:
rules! {
    LITTER "layout.litter" "was left by an operating system; remove it, or verify the ZIP";
    MISSING "layout.missing" "is required and missing";
    PDF_MISSING "papers.pdf" "is named by packet.json and missing";
    PDF_UNNAMED "papers.pdf" "is a paper that packet.json does not name";
    PATH "layout.path" "is a name that some system would read differently";
    FETCH "layout.fetch" "a packet holds all of its files; fetch.txt is not allowed";
    UNEXPECTED "layout.unexpected" "belongs to no part of a packet: the layout names every file";
    SIZE "layout.size" "is larger than 1 MB";
    LONG_LINE "lines.long" "has a line of more than 1 MB";
    LAST_LINE "lines.end" "does not end in LF";
    OTHER_PAGE "index" "shows something else than the documents say: made from them, it is another";
    NO_PAGE "index" "is no page that packets with these documents have";
    PAGE_MISSING "index" "is missing, and packets with pages of this version have it";
    MANIFEST_DIGEST "manifest.digest" "its bytes are not those that the manifest lists";
    BAGIT "bag.bagit" "is not exactly BagIt 1.0's two lines";
    BAG_INFO "bag.info" "is not made of `Label: value` lines";
    BAG_DAY "bag.info" "its Bagging-Date lies before the request or after the issue";
    HOW_TO_WORDS "bag.how_to" "is not what this version of packets tells its readers";
}

// The issue and the log:
rules! {
    TAGS "issued.tags" "does not attest exactly bagit.txt, bag-info.txt and HOW-TO-VERIFY.txt";
    TAG_BYTES "issued.tags" "its bytes are not those that packet.issued attests";
    ATTESTED_MANIFEST "issued.manifest" "is not the manifest that packet.issued attests";
    EVIDENCE "issued.evidence" "its lines for exhibits, custody, packet.json and inventory.json have another hash than packet.issued attests";
    PROOF "log.proof" "is not a tlog-proof";
    CHECKPOINT "log.checkpoint" "is not the checkpoint inside issued.tlog-proof";
    NOTE "log.note" "its checkpoint is not a signed note of origin, size and root";
    INCLUSION "log.inclusion" "does not prove that issued.json is in the log's tree";
    ORIGIN "log.origin" "names another log than the checkpoint does";
    VKEY "log.vkey" "is not the vkey of an Ed25519 log and LF";
    PEM "log.pem" "is not the key in log.vkey";
    SIGNATURE "log.signature" "is not signed by the key in log.vkey under the log's name";
    TIME "time" "a time token is required, and this version reads none";
    WITNESS_UNNAMED "witness" "a witness is required, and no policy says which to trust";
    COSIGNATURE "witness" "a witness's cosignature does not verify";
    QUORUM "witness" "too few witnesses of the policy have cosigned";
}

// Events, inventory, records:
rules! {
    EVENT_WITHHELD "events.withheld" "withholds an event, and none may be: it could be a capture.recorded";
    RECORDED_TWICE "events.capture" "records a capture a second time, or no capture";
    DERIVATIVE_ATTEST "events.derivative" "records a derivative a second time, or attests no capture, parent and file of one";
    CUT "events.cut" "does not end at the event that packet.issued attests";
    ISSUE_FOLLOWS "events.issued" "does not follow the last event of between.jsonl";
    INVENTORY_END "inventory.line" "ends too early";
    LISTED_UNKNOWN "inventory.unknown" "lists a capture that no event recorded";
    LISTED_TWICE "inventory.twice" "lists a capture again";
    LISTED_STATUS "inventory.line" "has no known status";
    LISTED_ITEM "inventory.item" "has another item than the order of recording gives";
    LISTED_ORDER "inventory.order" "does not stand in the order of the items";
    REQUEST "statuses.request" "holds not exactly one request for this packet up to the cut";
    STATUS "statuses.status" "has a status that does not follow from the events and the request";
    DERIVATIVE_SHOWN "statuses.derivative" "shows the record of a derivative that the request does not name and that is no duplicate of an exhibit's file, or withholds one that it names";
    PACKETS_SHOWN "statuses.packet" "shows a record about another packet than this one and those that it supplements, or withholds one about these";
    REASON "statuses.reason" "gives another reason than its status has";
    SCHEDULE "inventory.schedule" "describes a capture, or says why it was left out, in other words than the request";
    INVENTORY_SIZE "inventory.size" "has another number of captures than packet.issued attests";
}

// `packet.json`:
rules! {
    PACKET_END "packet.line" "ends too early";
    FOLDER "packet.name" "names another top folder";
    NAME "packet.name" "is not named after the case's number and the time of the request";
    PRODUCT "packet.product" "names no version of casetrail";
    PDF_PAPERS "papers.pdf" "names papers in PDF although its papers are of a version that has none, or not at least one volume of each";
    PDF_RULES "papers.pdf" "names drafts of certificates for no rule, or for one that has none";
    PAGES "papers" "names a version of its page where the record of the request binds no papers, or none where it does";
    PAPERS "papers" "names another version of the papers than the record of the request binds";
    DEMO "packet.demo" "marks a demonstration wrongly";
    ID "packet.id" "is another packet than the one issued";
    PACKET_CUT "packet.cut" "has another cut than packet.issued attests";
    CASE "packet.case" "is about another case than the chain";
    AUTHORIZATION_EVENTS "packet.events" "does not list all events about an authorization, in order";
    NUMBER "exhibits.number" "exhibits are not numbered 1, 2, 3 and so on";
    EXHIBIT_WORDS "exhibits.words" "an exhibit has another number, title or description for the court than the request gives it";
    SUPPLEMENT "packet.supplement" "adds to a packet that no packet.issued before the request issued so";
    SINCE "exhibits.since" "an exhibit of a supplement is marked otherwise than the request says, or as changed without an event after the earlier packet's cut";
    RECORDING "exhibits.record" "an exhibit is not what its capture.recorded says";
    FILES "exhibits.files" "an exhibit lists other files than its event attests";
    EXHIBIT_EVENTS "exhibits.events" "does not list all events about an exhibit, in order";
    EXHIBIT_ORDER "exhibits.order" "exhibits are not those asked for, in the order asked for, else in that of their items";
    UNNAMED "exhibits.unnamed" "is named by no exhibit";
    CURRENT "exhibits.current" "does not show the latest correction of an exhibit";
    EXAMINATION "exhibits.examination" "does not show the latest examination of an exhibit";
    FILE_NAME "exhibits.files" "a file's name or media type is not the one recorded";
    NOT_WITHHELD "exhibits.files" "a file without a path was not withheld so when it was recorded";
    WITHHELD "exhibits.files" "a withheld file has a path";
    EXHIBIT_PATH "exhibits.path" "is not named by exhibit, number, role and kind";
    FILE_MISSING "exhibits.file" "is named by packet.json and missing";
    REDACTIONS "exhibits.redactions" "a redacted exhibit shows other redactions than the request names, or one that is not of its capture";
    REDACTED_FILES "exhibits.redacted" "a redacted exhibit has other files than follow from its event and its redactions";
    REDACTED_ROW "exhibits.redacted" "a redaction tells another item, kind or time of its capture than the inventory";
    RECIPE "exhibits.recipe" "the recipe of a redaction is none that its copy can have";
    REDACTED_RECORD "exhibits.redacted" "a redacted exhibit shows its own record or a correction of it";
    REDACTED_BYTES "exhibits.leak" "its bytes are those of a file that a redacted exhibit withholds";
    DUPLICATES "exhibits.duplicates" "an exhibit lists duplicates where none were asked for, none where they were, not in the order of its files, or neither a duplicate nor a reason for a file that wants one";
    DUPLICATE "exhibits.duplicate" "a duplicate is not one that an event made of this file of the exhibit, in the format that it wants";
    DUPLICATE_UNLISTED "exhibits.duplicate" "the record of a duplicate is shown that stands beside no original";
    UNFIT "profiles.unfit" "an exhibit says otherwise than its files what the packet's profiles cannot take of it";
    PROFILE_FILE "profiles.file" "is not the file of the exhibit that the profile copies here, or is missing";
    PROFILE_LIST "profiles.list" "is not the list that follows from packet.json, or is missing";
    PROFILE_UNNAMED "profiles.unnamed" "is in no profile that packet.json names";
    FILE_BYTES "exhibits.file" "its bytes are not those that were recorded";
}
