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

/// The name of a platform.
pub fn platform_name(word: &str) -> String {
    let known = PLATFORMS.iter().find(|(known, _)| *known == word);
    known.map_or_else(|| label(word), |(_, name)| (*name).to_owned())
}
