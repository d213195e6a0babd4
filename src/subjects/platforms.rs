//! The platforms that agencies meet, by the names that people know. Any other word is shown as it stands.

use crate::text::label;

/// Words of platforms with their names, those met most often first.
pub const PLATFORMS: &[(&str, &str)] = &[
    ("instagram", "Instagram"),
    ("facebook", "Facebook"),
    ("tiktok", "TikTok"),
    ("snapchat", "Snapchat"),
    ("x", "X"),
    ("youtube", "YouTube"),
    ("telegram", "Telegram"),
    ("web", "Web"),
    ("bluesky", "Bluesky"),
    ("discord", "Discord"),
    ("flickr", "Flickr"),
    ("linkedin", "LinkedIn"),
    ("pinterest", "Pinterest"),
    ("reddit", "Reddit"),
    ("rumble", "Rumble"),
    ("threads", "Threads"),
    ("tumblr", "Tumblr"),
    ("twitch", "Twitch"),
    ("vimeo", "Vimeo"),
    ("vk", "VK"),
    ("whatsapp", "WhatsApp"),
];

/// The word of a platform that is named as people name it: with capitals, and with blanks around it.
pub fn platform_word(name: &str) -> String {
    let name = name.trim().to_lowercase();
    let known = PLATFORMS.iter().find(|(_, shown)| shown.to_lowercase() == name);
    known.map_or_else(|| name.clone(), |(word, _)| (*word).to_owned())
}

/// The name of a platform.
pub fn platform_name(word: &str) -> String {
    let known = PLATFORMS.iter().find(|(known, _)| *known == word);
    known.map_or_else(|| label(word), |(_, name)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_is_named_as_people_name_it() {
        for (name, word) in [
            (" TikTok ", "tiktok"),
            ("Instagram", "instagram"),
            ("Mastodon", "mastodon"),
            ("vk", "vk"),
        ] {
            assert_eq!(platform_word(name), word);
        }
        assert_eq!(platform_name(&platform_word("tiktok")), "TikTok");
    }
}
