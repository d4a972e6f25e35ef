#include "models/builtin/passages.h"

#include "models/builtin/utf8.h"
#include "models/builtin/words.h"
#include "runtime/base/json.h"

#include <array>

namespace troupe::models::builtin {

namespace {

constexpr std::size_t kPassages = 60;
constexpr std::size_t kTitleBytes = 160;

std::string first_string(const Json& object, std::initializer_list<std::string_view> keys) {
  for (std::string_view key : keys)
    if (std::string value = string_or(object, key); !value.empty()) return value;
  return {};
}

// Any object that bears a text is a passage; lists and wrappers around it are walked through.
void walk(const Json& value, std::vector<Passage>& out) {
  if (out.size() >= kPassages) return;
  if (value.is_array()) {
    for (const Json& each : value) {
      if (each.is_string())
        out.push_back({"", "", each.get<std::string>(), 0});
      else
        walk(each, out);
    }
    return;
  }
  if (!value.is_object()) return;
  Passage passage;
  passage.title = first_string(value, {"title", "name", "heading", "page"});
  passage.url = first_string(value, {"url", "link", "href", "source"});
  passage.text = first_string(value, {"content", "text", "extract", "summary", "snippet", "passage",
                                      "description", "answer", "body"});
  if (!passage.text.empty() || (!passage.title.empty() && !passage.url.empty()))
    out.push_back(std::move(passage));
  for (auto& [key, member] : value.items())
    if (member.is_structured()) walk(member, out);
}

std::string_view url_in(std::string_view line) {
  std::size_t at = line.find("http://");
  if (std::size_t secure = line.find("https://"); secure < at) at = secure;
  if (at == std::string_view::npos) return {};
  std::size_t end = at;
  int open = 0;
  while (end < line.size() && line[end] != ' ' && line[end] != '\t' && line[end] != '"' && line[end] != '<' &&
         line[end] != '>' && line[end] != ']') {
    if (line[end] == '(') ++open;
    if (line[end] == ')' && --open < 0) break;  // "(https://…)": the parenthesis is not of the address
    ++end;
  }
  while (end > at && (line[end - 1] == '.' || line[end - 1] == ',' || line[end - 1] == ';')) --end;
  return line.substr(at, end - at);
}

std::string_view strip_marks(std::string_view text) {
  constexpr std::string_view kMarks = " \t-*#•[]()|:<>\"`";
  constexpr std::array<std::string_view, 4> kDashes{"—", "–", "·", "→"};
  for (bool again = true; again;) {
    again = false;
    while (!text.empty() && kMarks.find(text.front()) != std::string_view::npos)
      text.remove_prefix(1), again = true;
    // A closing parenthesis belongs to a title that has an opening one: "Mercury (planet)"
    while (!text.empty() && kMarks.find(text.back()) != std::string_view::npos &&
           !(text.back() == ')' && text.find('(') != std::string_view::npos))
      text.remove_suffix(1), again = true;
    for (std::string_view dash : kDashes) {
      if (text.starts_with(dash)) text.remove_prefix(dash.size()), again = true;
      if (text.ends_with(dash)) text.remove_suffix(dash.size()), again = true;
    }
  }
  return text;
}

// Removes "Title:" and the like; says which it was.
enum class Label { none, title, url, source, text, titles, remark };
Label take_label(std::string_view& line) {
  static constexpr std::array<std::pair<std::string_view, Label>, 20> kLabels{
      {{"other pages:", Label::titles},
       {"sections:", Label::remark},
       {"more with offset", Label::remark},
       {"(redirected from", Label::remark},
       {"title:", Label::title},
       {"page:", Label::title},
       {"제목:", Label::title},
       {"url:", Label::url},
       {"link:", Label::url},
       {"주소:", Label::url},
       {"source:", Label::source},
       {"sources:", Label::source},
       {"출처:", Label::source},
       {"from:", Label::source},
       {"content:", Label::text},
       {"snippet:", Label::text},
       {"summary:", Label::text},
       {"text:", Label::text},
       {"answer:", Label::text},
       {"내용:", Label::text}}};
  std::string low = lower(line.substr(0, 18));
  for (auto [label, kind] : kLabels)
    if (low.starts_with(label)) {
      line = trim(line.substr(label.size()));
      return kind;
    }
  return Label::none;
}

// "1. ", "2) ", "[3] ", "- ": the start of an entry.
bool take_number(std::string_view& line) {
  std::string_view rest = line;
  bool bracket = rest.starts_with('[');
  if (bracket) rest.remove_prefix(1);
  std::size_t digits = 0;
  while (digits < rest.size() && digits < 3 && is_digit(rest[digits])) ++digits;
  if (digits == 0 || digits >= rest.size()) return false;
  char after = rest[digits];
  if (bracket ? after != ']' : after != '.' && after != ')') return false;
  if (digits + 1 < rest.size() && rest[digits + 1] != ' ' && rest[digits + 1] != '\t') return false;
  line = trim(rest.substr(digits + 1));
  return true;
}

bool take_bullet(std::string_view& line) {
  for (std::string_view mark : {"- ", "* ", "• "})
    if (line.starts_with(mark)) {
      line = trim(line.substr(mark.size()));
      return true;
    }
  return false;
}

bool reads_like_title(std::string_view line) {
  if (line.empty() || line.size() > kTitleBytes) return false;
  char last = line.back();
  bool ends_sentence = last == '.' || last == '?' || last == '!' || last == ',' || last == ';' ||
                       line.ends_with("다.") || line.ends_with("。");
  return !ends_sentence && line.find(". ") == std::string_view::npos;
}

// "[12] rest": the number, and the rest in `line`; 0 and the line as it was when there is none.
int take_citation(std::string_view& line) {
  std::size_t digits = 1;
  while (digits < line.size() && digits <= 3 && is_digit(line[digits])) ++digits;
  if (!line.starts_with('[') || digits == 1 || digits >= line.size() || line[digits] != ']') return 0;
  int number = 0;
  for (char digit : line.substr(1, digits - 1)) number = number * 10 + (digit - '0');
  line = trim(line.substr(digits + 1));
  return number;
}

// Passages as the retriever shows them: "[1] Title — place — headings", and below it the text as it is.
std::vector<Passage> read_cited(std::string_view output) {
  std::vector<Passage> out;
  while (!output.empty()) {
    const std::size_t end = output.find('\n');
    std::string_view line = trim(output.substr(0, end));
    output.remove_prefix(end == std::string_view::npos ? output.size() : end + 1);
    if (const int number = take_citation(line); number > 0) {
      if (out.size() == kPassages) break;
      const std::string_view title = line.substr(0, line.find(" — "));
      out.push_back({std::string(title), std::string(url_in(line.substr(title.size()))), "", number});
    } else if (!out.empty() && !line.empty() && !line.starts_with('#')) {  // a heading is no sentence
      if (!out.back().text.empty()) out.back().text += '\n';
      out.back().text += line;
    }
  }
  return out;
}

class TextReader {
 public:
  std::vector<Passage> read(std::string_view output) {
    while (!output.empty() && out_.size() < kPassages) {
      std::size_t end = output.find('\n');
      line(trim(output.substr(0, end)));
      output.remove_prefix(end == std::string_view::npos ? output.size() : end + 1);
    }
    flush();
    return std::move(out_);
  }

 private:
  void line(std::string_view text) {
    if (text.empty()) {
      after_blank_ = true;
      return;
    }
    bool entry = take_number(text);
    bool bullet = !entry && take_bullet(text);
    bool heading = !entry && text.starts_with('#');
    if (heading) text = strip_marks(text);
    Label label = take_label(text);
    std::string_view url = url_in(text);
    if (label == Label::remark) return;
    if (label == Label::titles) return titles(text);
    if (label == Label::source) return source(text, url);
    if (entry || label == Label::title || heading) return start(text, url, entry);
    if (label == Label::url || (!url.empty() && text.size() < url.size() + kTitleBytes))
      return address(text, url, bullet);
    if (bullet && reads_like_title(before_dash(text)) && before_dash(text).size() < text.size())
      return start(text, url, true);
    // A short line above others is their title; so is the very first one.
    if (label == Label::none && current_.text.empty() && current_.title.empty() && reads_like_title(text)) {
      current_.title = strip_marks(text);
      after_blank_ = false;
      return;
    }
    append(text);
  }

  // "Title — first words", "Title: first words"
  static std::string_view before_dash(std::string_view text) {
    for (std::string_view dash : {" — ", " – ", " - ", ": "})
      if (std::size_t at = text.find(dash); at != std::string_view::npos && at > 0 && at < kTitleBytes)
        return text.substr(0, at);
    return text;
  }

  void start(std::string_view text, std::string_view url, bool entry) {
    flush();
    if (!url.empty()) {
      std::size_t at = static_cast<std::size_t>(url.data() - text.data());
      current_.url = url;
      std::string_view head = strip_marks(text.substr(0, at));
      std::string_view tail = strip_marks(text.substr(at + url.size()));
      if (reads_like_title(head))
        current_.title = head;
      else
        append(head);
      append(tail);
      return;
    }
    std::string_view title = entry ? before_dash(text) : text;
    if (!reads_like_title(title)) return append(text);
    current_.title = strip_marks(title);
    if (title.size() < text.size()) append(strip_marks(text.substr(title.size())));
  }

  void address(std::string_view text, std::string_view url, bool bullet) {
    std::size_t at = url.empty() ? text.size() : static_cast<std::size_t>(url.data() - text.data());
    std::string_view head = strip_marks(text.substr(0, at));
    take_label(head);
    head = strip_marks(head);
    // An address with its own title begins a passage; a bare one belongs to the entry it stands in, before or
    // after its text.
    if (!head.empty() && (bullet || !current_.url.empty())) flush();
    if (!current_.url.empty()) flush();
    if (!head.empty() && reads_like_title(head) && current_.title.empty())
      current_.title = head;
    else if (!head.empty())
      append(head);
    current_.url = url;
    if (at + url.size() < text.size()) append(strip_marks(text.substr(at + url.size())));
  }

  // "Other pages: A; B": subjects that the tool has more on.
  void titles(std::string_view text) {
    flush();
    while (!text.empty() && out_.size() < kPassages) {
      std::size_t end = text.find(';');
      if (std::string_view title = trim(text.substr(0, end)); !title.empty())
        out_.push_back({std::string(title), "", "", 0});
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
  }

  // A source line at the end speaks for what stands above it and has no address of its own.
  void source(std::string_view text, std::string_view url) {
    std::string_view title =
        strip_marks(url.empty() ? text : text.substr(0, static_cast<std::size_t>(url.data() - text.data())));
    if (current_.text.empty() && out_.empty()) {
      current_.url = url;
      if (current_.title.empty()) current_.title = title;
      return;
    }
    flush();
    for (std::size_t i = out_.size(); i-- > 0 && out_[i].url.empty();) {
      out_[i].url = url;
      if (!title.empty() && (out_[i].title.empty() || i + 1 == out_.size() || out_[i].title == title))
        out_[i].title = title;
    }
  }

  void append(std::string_view text) {
    if (text.empty()) return;
    if (!current_.text.empty()) current_.text += '\n';
    current_.text += text;
    after_blank_ = false;
  }

  void flush() {
    if (!current_.title.empty() || !current_.text.empty() || !current_.url.empty())
      out_.push_back(std::move(current_));
    current_ = {};
    after_blank_ = false;
  }

  std::vector<Passage> out_;
  Passage current_;
  bool after_blank_ = false;
};

// One line in which a tool says that it has nothing, a remark in brackets below it: to be told, not to be
// quoted as an answer.
bool says_nothing(std::string_view text) {
  constexpr std::size_t kLineBytes = 300;
  if (const std::size_t end = text.find("\n("); end != text.npos && text.ends_with(')'))
    text = text.substr(0, end);
  if (text.size() > kLineBytes || text.find('\n') != std::string_view::npos) return false;
  const std::string low = lower(text);
  for (std::string_view begin : {"nothing was found", "nothing found", "no results", "no result ",
                                 "no matches", "no pages", "no documents", "검색 결과가 없", "결과가 없"})
    if (low.starts_with(begin)) return true;
  return low.find(" has nothing on `") != std::string::npos;
}

std::vector<Passage> as_written(std::string_view output) {
  std::string_view text = trim(output);
  if (says_nothing(text)) return {};
  if (text.starts_with('{') || text.starts_with('[')) {
    if (auto value = parse_json(text)) {
      std::vector<Passage> out;
      walk(*value, out);
      if (!out.empty()) return out;
    }
  }
  if (std::string_view first = text.substr(0, text.find('\n')); take_citation(first) > 0)
    return read_cited(text);
  return TextReader().read(text);
}

}  // namespace

std::vector<Passage> read_passages(std::string_view output) {
  std::vector<Passage> passages = as_written(output);
  for (Passage& passage : passages) passage.text = unwrapped(passage.text);
  return passages;
}

}  // namespace troupe::models::builtin
