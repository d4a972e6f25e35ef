// A loader: subtitles become text, in which each minute begins under a heading of its time, so that a passage
// which is found says where in the film it stands. WebVTT, which Troupe does not read itself, is given to it
// unasked; SubRip, which Troupe reads as plain text, where a source says `plugin: subtitles`. To build it by
// hand:
//   c++ -std=c++20 -O2 -shared -fPIC -fvisibility=hidden -I.. -I../sdk subtitles.cpp -o libsubtitles.so
#include "troupe_plugin.hpp"

namespace {

/// The lines of a text, whatever ends them.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
  }
  bool next(std::string_view& line) {
    if (text_.empty()) return false;
    const std::size_t end = std::min(text_.find('\n'), text_.size());
    line = text_.substr(0, end);
    text_.remove_prefix(std::min(end + 1, text_.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return true;
  }

 private:
  std::string_view text_;
};

/// The second at which "01:02:03.456 --> …" or "02:03.456 --> …" begins; -1: the line is none of these.
long begin_of(std::string_view line) {
  if (line.find("-->") == std::string_view::npos) return -1;
  long seconds = 0;
  long part = 0;
  bool digits = false;
  for (const char c : line) {
    if (c >= '0' && c <= '9') {
      part = part * 10 + (c - '0');
      digits = true;
      if (part > 100'000) return -1;
    } else if (c == ':' && digits) {
      seconds = (seconds + part) * 60;
      part = 0;
    } else {
      break;
    }
  }
  return digits ? seconds + part : -1;
}

std::string time_of(long minutes) {
  const std::string minute = std::to_string(minutes % 60);
  return std::to_string(minutes / 60) + (minute.size() < 2 ? ":0" : ":") + minute;
}

/// Without `<i>` and `<c.yellow>`.
std::string plain(std::string_view line) {
  std::string text;
  bool tag = false;
  for (const char c : line) {
    if (c == '<') tag = true;
    if (!tag) text += c;
    if (c == '>') tag = false;
  }
  return text;
}

}  // namespace

TROUPE_LOADER(subtitles, "Reads subtitles: WebVTT and SubRip",
              ".vtt .srt text/vtt application/x-subrip "
              "magic:0:574542565454") {
  troupe::Document document;
  Lines lines(call.body());
  std::string_view line;
  std::string said;
  long minute = -1;
  long last = 0;
  int cues = 0;
  bool within = false;
  const auto flush = [&] {
    if (!said.empty()) document.text(said);
    said.clear();
  };
  while (lines.next(line)) {
    if (const long begin = begin_of(line); begin >= 0) {
      within = true;
      ++cues;
      last = begin;
      if (begin / 60 == minute) continue;
      flush();
      minute = begin / 60;
      document.heading(time_of(minute));
    } else if (line.empty()) {
      within = false;
    } else if (within) {
      said += plain(line) + "\n";
    }
    if (cues % 1'000 == 0) call.check();
  }
  flush();
  if (cues == 0)
    throw troupe::Failure(TROUPE_INVALID, "it has no line with a time, `00:01.000 --> 00:02.000`");
  document.metadata("cues", cues);
  document.metadata("seconds", static_cast<double>(last));
  return document;
}

TROUPE_PLUGIN("subtitles", "1.0", "Subtitles as documents")
