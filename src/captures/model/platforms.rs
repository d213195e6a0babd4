//! What an address says by itself: the platform, and on those that agencies meet most, the kind, the account and the
//! post's own id. What it cannot tell stays open.

use url::Url;

use super::CaptureKind::{self, Page, Photo, Post, Profile, Video};

/// A platform: its hosts, the forms of its addresses, and first words of paths that are no accounts.
struct Platform {
    name: &'static str,
    hosts: &'static [&'static str],
    /// The first form that fits counts. `{account}` and `{post}` each stand for one part of the path.
    forms: &'static [(&'static str, CaptureKind)],
    not_accounts: &'static [&'static str],
}

const PLATFORMS: &[Platform] = &[
    Platform {
        name: "instagram",
        hosts: &["instagram.com", "instagr.am"],
        forms: &[
            ("p/{post}", Post),
            ("reel/{post}", Video),
            ("reels/{post}", Video),
            ("tv/{post}", Video),
            ("stories/{account}/{post}", Post),
            ("{account}/p/{post}", Post),
            ("{account}/reel/{post}", Video),
            ("{account}", Profile),
        ],
        not_accounts: &["explore", "accounts", "direct", "about", "p", "reel", "stories"],
    },
    Platform {
        name: "facebook",
        hosts: &["facebook.com", "fb.com", "fb.watch"],
        forms: &[
            ("{account}/posts/{post}", Post),
            ("{account}/videos/{post}", Video),
            ("reel/{post}", Video),
            ("groups/{account}/posts/{post}", Post),
            ("groups/{account}/permalink/{post}", Post),
            ("groups/{account}", Page),
            ("{account}", Profile),
        ],
        not_accounts: &[
            "watch",
            "groups",
            "events",
            "marketplace",
            "photo",
            "story.php",
            "profile.php",
            "permalink.php",
            "share",
            "login",
        ],
    },
    Platform {
        name: "x",
        hosts: &["x.com", "twitter.com"],
        forms: &[
            ("i/web/status/{post}", Post),
            ("{account}/status/{post}/photo/*", Photo),
            ("{account}/status/{post}/video/*", Video),
            ("{account}/status/{post}", Post),
            ("{account}", Profile),
        ],
        not_accounts: &["i", "home", "search", "explore", "hashtag", "settings", "login"],
    },
    Platform {
        name: "tiktok",
        hosts: &["tiktok.com"],
        forms: &[
            ("{account}/video/{post}", Video),
            ("{account}/photo/{post}", Photo),
            ("{account}", Profile),
        ],
        not_accounts: &["t", "tag", "discover", "foryou", "music", "search", "login"],
    },
    Platform {
        name: "youtube",
        hosts: &["youtube.com", "youtube-nocookie.com"],
        forms: &[
            ("shorts/{post}", Video),
            ("live/{post}", Video),
            ("embed/{post}", Video),
            ("c/{account}", Profile),
            ("user/{account}", Profile),
            ("{account}", Profile),
        ],
        not_accounts: &[
            "watch", "results", "feed", "playlist", "channel", "shorts", "live", "embed",
        ],
    },
    Platform {
        name: "youtube",
        hosts: &["youtu.be"],
        forms: &[("{post}", Video)],
        not_accounts: &[],
    },
    Platform {
        name: "reddit",
        hosts: &["reddit.com"],
        forms: &[
            ("r/{account}/comments/{post}/*", Post),
            ("r/{account}/comments/{post}", Post),
            ("user/{account}", Profile),
            ("u/{account}", Profile),
            ("r/{account}", Page),
        ],
        not_accounts: &[],
    },
    Platform {
        name: "snapchat",
        hosts: &["snapchat.com"],
        forms: &[
            ("add/{account}", Profile),
            ("spotlight/{post}", Video),
            ("{account}", Profile),
        ],
        not_accounts: &["add", "spotlight", "discover", "lens", "download"],
    },
    Platform {
        name: "telegram",
        hosts: &["t.me", "telegram.me", "telegram.org"],
        forms: &[
            ("s/{account}", Page),
            ("{account}/{post}", Post),
            ("{account}", Profile),
        ],
        not_accounts: &["joinchat", "c", "s", "addstickers", "share"],
    },
    Platform {
        name: "discord",
        hosts: &["discord.com", "discord.gg"],
        forms: &[("channels/*/*/{post}", Post), ("users/{account}", Profile)],
        not_accounts: &[],
    },
    Platform {
        name: "whatsapp",
        hosts: &["whatsapp.com", "wa.me"],
        forms: &[("channel/{account}/{post}", Post), ("channel/{account}", Page)],
        not_accounts: &[],
    },
    Platform {
        name: "threads",
        hosts: &["threads.net", "threads.com"],
        forms: &[("{account}/post/{post}", Post), ("{account}", Profile)],
        not_accounts: &["search", "login"],
    },
    Platform {
        name: "bluesky",
        hosts: &["bsky.app"],
        forms: &[("profile/{account}/post/{post}", Post), ("profile/{account}", Profile)],
        not_accounts: &[],
    },
    Platform {
        name: "linkedin",
        hosts: &["linkedin.com"],
        forms: &[
            ("in/{account}", Profile),
            ("company/{account}", Page),
            ("posts/{post}", Post),
            ("feed/update/{post}", Post),
        ],
        not_accounts: &[],
    },
    Platform {
        name: "pinterest",
        hosts: &["pinterest.com", "pin.it"],
        forms: &[("pin/{post}", Photo), ("{account}", Profile)],
        not_accounts: &["pin", "search", "ideas"],
    },
    Platform {
        name: "twitch",
        hosts: &["twitch.tv"],
        forms: &[
            ("videos/{post}", Video),
            ("{account}/clip/{post}", Video),
            ("{account}", Profile),
        ],
        not_accounts: &["videos", "directory", "settings"],
    },
    Platform {
        name: "vk",
        hosts: &["vk.com", "vk.ru"],
        forms: &[("{account}", Profile)],
        not_accounts: &["feed", "video", "search", "login"],
    },
    Platform {
        name: "tumblr",
        hosts: &["tumblr.com"],
        forms: &[
            ("{account}/{post}/*", Post),
            ("{account}/{post}", Post),
            ("{account}", Profile),
        ],
        not_accounts: &["explore", "search", "tagged", "login"],
    },
    Platform {
        name: "flickr",
        hosts: &["flickr.com"],
        forms: &[
            ("photos/{account}/{post}", Photo),
            ("photos/{account}", Profile),
            ("people/{account}", Profile),
        ],
        not_accounts: &[],
    },
    Platform {
        name: "vimeo",
        hosts: &["vimeo.com"],
        forms: &[("{post}", Video)],
        not_accounts: &["search", "login", "watch"],
    },
    Platform {
        name: "rumble",
        hosts: &["rumble.com"],
        forms: &[("c/{account}", Profile), ("user/{account}", Profile)],
        not_accounts: &[],
    },
];

/// What an address tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recognized {
    /// The platform's word; `web` for any other site, none where it is no address.
    pub platform: Option<&'static str>,
    /// What lies there.
    pub kind: Option<CaptureKind>,
    /// Whose it is.
    pub account: Option<String>,
    /// The platform's own id of it.
    pub post: Option<String>,
}

/// Recognizes an address.
pub fn recognize(address: &str) -> Recognized {
    let url = Url::parse(address)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https"));
    let Some((url, host)) = url.as_ref().and_then(|url| Some((url, url.host_str()?))) else {
        return Recognized::default();
    };
    let of = |domain: &&str| host == *domain || host.strip_suffix(*domain).is_some_and(|rest| rest.ends_with('.'));
    let found = PLATFORMS.iter().find(|platform| platform.hosts.iter().any(&of));
    let Some(platform) = found else {
        let platform = Some("web");
        return Recognized {
            platform,
            ..Recognized::default()
        };
    };
    let parts: Vec<&str> = url
        .path_segments()
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    let fits = platform.forms.iter().find_map(|(form, kind)| {
        let (account, post) = fit(platform, form, &parts)?;
        Some((Some(*kind), account, post))
    });
    let (kind, account, post) = fits.or_else(|| by_query(platform, url)).unwrap_or_default();
    Recognized {
        platform: Some(platform.name),
        kind,
        account,
        post,
    }
}

type AccountAndPost = (Option<String>, Option<String>);

/// The account and the post that a path names, where it has this form.
fn fit(platform: &Platform, form: &str, parts: &[&str]) -> Option<AccountAndPost> {
    let (mut account, mut post) = (None, None);
    if form.split('/').count() != parts.len() {
        return None;
    }
    for (asked, part) in form.split('/').zip(parts) {
        let word = part.trim_start_matches('@');
        let plain = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || "._-:~".contains(c));
        match asked {
            "*" => {}
            "{account}" if plain(word) && !platform.not_accounts.contains(&word) => account = Some(format!("@{word}")),
            "{post}" if plain(word) => post = Some(word.to_owned()),
            literal if literal == *part => {}
            _ => return None,
        }
    }
    Some((account, post))
}

/// Two platforms name a thing in the query.
fn by_query(platform: &Platform, url: &Url) -> Option<(Option<CaptureKind>, Option<String>, Option<String>)> {
    let value = |name: &str| {
        url.query_pairs()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.into_owned())
    };
    match (platform.name, url.path()) {
        ("youtube", "/watch") => Some((Some(Video), None, Some(value("v")?))),
        ("facebook", "/watch" | "/watch/") => Some((Some(Video), None, Some(value("v")?))),
        ("facebook", "/story.php" | "/permalink.php") => Some((Some(Post), None, Some(value("story_fbid")?))),
        _ => None,
    }
}

/// Parameters that say how a link was come by, and nothing of what lies there.
const TRACKING: &[&str] = &[
    "fbclid",
    "gclid",
    "dclid",
    "msclkid",
    "igsh",
    "igshid",
    "mc_cid",
    "mc_eid",
    "ref_src",
    "ref_url",
    "si",
    "share_id",
    "_r",
    "_t",
    "is_from_webapp",
    "sender_device",
    "web_id",
    "mibextid",
    "rdid",
    "__cft__[0]",
    "__tn__",
    "xmt",
    "s",
    "t",
];

/// Platforms on which `s` and `t` are such parameters; elsewhere they may say what is shown.
const SHORT_ONES: &[&str] = &["x"];

/// Whether a parameter of an address on this platform only says how the link was come by.
fn tracks(platform: &str, name: &str) -> bool {
    let short = name.len() == 1 && !SHORT_ONES.contains(&platform);
    name.starts_with("utm_") || (TRACKING.contains(&name) && !short)
}

/// The address without tracking parts, where it has any.
pub fn without_tracking(address: &str) -> Option<String> {
    let mut url = Url::parse(address).ok()?;
    let platform = recognize(address).platform?;
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let kept: Vec<&(String, String)> = pairs.iter().filter(|(name, _)| !tracks(platform, name)).collect();
    if kept.len() == pairs.len() {
        return None;
    }
    url.set_query(None);
    if !kept.is_empty() {
        url.query_pairs_mut().extend_pairs(kept);
    }
    Some(url.into())
}

/// The names of the tracking parts of an address, in the order in which they stand there.
pub fn tracking_parts(address: &str) -> Vec<String> {
    let (Ok(url), Some(platform)) = (Url::parse(address), recognize(address).platform) else {
        return Vec::new();
    };
    let names = url.query_pairs().map(|(name, _)| name.into_owned());
    names.filter(|name| tracks(platform, name)).collect()
}

/// Two addresses are the same where this is: without tracking parts, and written in one way.
pub fn same_address(address: &str) -> String {
    let plain = without_tracking(address).or_else(|| Some(Url::parse(address).ok()?.into()));
    let plain = plain.unwrap_or_else(|| address.trim().to_owned());
    plain.trim_end_matches('/').to_owned()
}

/// The beginning of an address up to its query or fragment, in lower case. Same addresses have the same stem, so that the
/// database finds the few that are worth comparing. Migration 0009 computes the same.
pub fn address_stem(address: &str) -> String {
    let before = address.split(['?', '#']).next().unwrap_or_default();
    let stem: String = before.chars().take(STEM).collect();
    stem.to_ascii_lowercase().trim_end_matches('/').to_owned()
}

/// Characters of a stem: what an index of either database takes.
const STEM: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;
    use CaptureKind::Link;

    #[test]
    fn an_address_tells_what_lies_there() {
        // Address, platform, kind (a link where it is not told), account, post.
        let table = [
            (
                "https://www.instagram.com/p/C81xYz/?igsh=abc",
                "instagram",
                Post,
                "",
                "C81xYz",
            ),
            ("https://instagram.com/river_k/", "instagram", Profile, "@river_k", ""),
            (
                "https://www.instagram.com/stories/river_k/31",
                "instagram",
                Post,
                "@river_k",
                "31",
            ),
            ("https://www.instagram.com/explore/", "instagram", Link, "", ""),
            (
                "https://m.facebook.com/harbor.light/posts/123",
                "facebook",
                Post,
                "@harbor.light",
                "123",
            ),
            ("https://www.facebook.com/watch/?v=99", "facebook", Video, "", "99"),
            ("https://www.facebook.com/profile.php?id=1", "facebook", Link, "", ""),
            ("https://twitter.com/jo/status/12?s=20", "x", Post, "@jo", "12"),
            ("https://x.com/jo/status/12/photo/1", "x", Photo, "@jo", "12"),
            ("https://www.tiktok.com/@k.1/video/743", "tiktok", Video, "@k.1", "743"),
            ("https://vm.tiktok.com/ZM/", "tiktok", Profile, "@ZM", ""),
            (
                "https://www.youtube.com/watch?v=dQw4&t=10",
                "youtube",
                Video,
                "",
                "dQw4",
            ),
            ("https://youtu.be/dQw4", "youtube", Video, "", "dQw4"),
            ("https://www.youtube.com/@Harbor", "youtube", Profile, "@Harbor", ""),
            (
                "https://www.reddit.com/r/harbor/comments/1abc/title_here/",
                "reddit",
                Post,
                "@harbor",
                "1abc",
            ),
            ("https://t.me/harborchat/77", "telegram", Post, "@harborchat", "77"),
            ("https://www.threads.net/@jo/post/Cx", "threads", Post, "@jo", "Cx"),
            (
                "https://bsky.app/profile/jo.example/post/3k",
                "bluesky",
                Post,
                "@jo.example",
                "3k",
            ),
            ("https://www.linkedin.com/in/jo-d", "linkedin", Profile, "@jo-d", ""),
            ("https://www.snapchat.com/add/jo", "snapchat", Profile, "@jo", ""),
            ("https://www.twitch.tv/jo/clip/Abc", "twitch", Video, "@jo", "Abc"),
            ("https://www.pinterest.com/pin/5/", "pinterest", Photo, "", "5"),
            ("https://vimeo.com/76979871", "vimeo", Video, "", "76979871"),
            ("https://www.flickr.com/photos/jo/51", "flickr", Photo, "@jo", "51"),
            ("https://notinstagram.com/p/1", "web", Link, "", ""),
            ("https://instagram.com.evil.example/p/1", "web", Link, "", ""),
            ("https://example.org/a", "web", Link, "", ""),
        ];
        for (address, platform, kind, account, post) in table {
            let found = recognize(address);
            assert_eq!(
                (
                    found.platform.unwrap_or_default(),
                    found.kind.unwrap_or(Link),
                    found.account.unwrap_or_default(),
                    found.post.unwrap_or_default()
                ),
                (platform, kind, account.to_owned(), post.to_owned()),
                "{address}"
            );
        }
        for none in [
            "",
            "no address",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https://",
        ] {
            assert_eq!(recognize(none), Recognized::default(), "{none}");
        }
    }

    #[test]
    fn twenty_platforms_are_known() {
        let mut names: Vec<&str> = PLATFORMS.iter().map(|platform| platform.name).collect();
        names.dedup();
        assert!(names.len() >= 20, "{}", names.len());
        assert!(names.iter().all(|name| crate::subjects::is_platform(name)));
    }

    #[test]
    fn tracking_parts_are_left_out_and_nothing_else() {
        for (address, without) in [
            (
                "https://www.instagram.com/p/C8/?igsh=abc&img_index=2",
                Some("https://www.instagram.com/p/C8/?img_index=2"),
            ),
            (
                "https://x.com/jo/status/12?s=20&t=ab",
                Some("https://x.com/jo/status/12"),
            ),
            (
                "https://www.youtube.com/watch?v=dQ&t=10&si=x",
                Some("https://www.youtube.com/watch?v=dQ&t=10"),
            ),
            (
                "https://a.example/?utm_source=n&q=1#part",
                Some("https://a.example/?q=1#part"),
            ),
            ("https://a.example/?s=search", None),
            ("https://www.youtube.com/watch?v=dQ", None),
            ("no address", None),
        ] {
            assert_eq!(without_tracking(address).as_deref(), without, "{address}");
        }
        assert_eq!(
            tracking_parts("https://www.instagram.com/p/C8/?igsh=abc&img_index=2&utm_source=x"),
            ["igsh", "utm_source"]
        );
        assert!(tracking_parts("no address").is_empty());
    }

    #[test]
    fn the_same_address_in_other_words_is_the_same() {
        let same = "https://www.instagram.com/p/C8";
        for address in [
            "https://www.instagram.com/p/C8",
            "https://www.instagram.com/p/C8/",
            "HTTPS://WWW.Instagram.com/p/C8/?igsh=abc",
        ] {
            assert_eq!(same_address(address), same);
            assert_eq!(address_stem(address), "https://www.instagram.com/p/c8");
        }
        for other in [
            "https://www.instagram.com/p/c8",
            "https://www.instagram.com/p/C8?img_index=2",
            "C8",
        ] {
            assert_ne!(same_address(other), same, "{other}");
        }
        assert_eq!(address_stem(&"x".repeat(600)).len(), STEM);
    }
}
