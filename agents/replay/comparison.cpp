#include "agents/replay/comparison.h"

#include "agents/replay/limits.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr auto kRequests = std::to_array<std::string_view>(
    {"model.intent", "guard.intent", "chain.intent", "chain.search", "tool.intent"});
// Times, generated ids, keys made of them, and what is estimated or counted by another process's experience.
constexpr auto kLeftAside = std::to_array<const char*>(
    {"ts", "seq", "session", "ms", "used_ms", "asked_ms", "idempotency_key", "counted"});
// What a memory says of how it recalled: what it recalled is given to the replay.
constexpr auto kOfMemories =
    std::to_array<std::string_view>({"memory_degraded", "memory_left_out", "summary_cut"});

/// An event or a request, without what is left aside.
struct Entry {
  std::int64_t at = 0;
  std::string_view type;
  int step = 0;
  Json body;
};
struct OneRun {
  std::vector<Entry> events;
  std::vector<Entry> requests;
  Json said = Json::object();  // of requests, as it was said last
};
using Runs = std::map<std::string, OneRun>;

template <class List, class Value>
bool contains(const List& list, const Value& value) {
  return std::ranges::find(list, value) != list.end();
}

// "it has about 1419 now": what other runs of the process taught meanwhile is in such a number.
std::string without_estimates(std::string text) {
  constexpr std::string_view kAbout = "about ";
  for (auto at = text.find(kAbout); at != text.npos; at = text.find(kAbout, at + 1)) {
    const auto end = text.find_first_not_of("0123456789", at + kAbout.size());
    text.erase(at + kAbout.size(), std::min(end, text.size()) - at - kAbout.size());
  }
  return text;
}

void leave_aside(const store::LogLine& line, Json& body) {
  for (const char* key : kLeftAside) body.erase(key);
  if (line.type == "warning" && string_or(body, "code").starts_with("context_"))
    body["text"] = without_estimates(string_or(body, "text"));
  if (line.is_event()) return;
  body.erase("input");
  if (line.type == "tool.intent") body.erase("key");
}

// What a request says only where it is otherwise than before, a new process says again.
void say_once(Json& request, OneRun& run) {
  for (const char* key : {"tools", "form"}) {
    const Json* value = find(request, key);
    if (!value) continue;
    const Json* before = find(run.said, key);
    if (before && *before == *value)
      request.erase(key);
    else
      run.said[key] = *value;
  }
}

Result<Runs> entries(const std::vector<store::LogLine>& lines, const RunNames* names) {
  Runs runs;
  for (const store::LogLine& line : lines) {
    if (!line.is_event() && !contains(kRequests, line.type)) continue;
    std::string run = names ? names->recorded(line.run) : line.run;
    auto body = parse_json(names ? names->as_recorded(line.body) : line.body);
    if (!body)
      return within(fmt::format("journal, run {}, {}", line.run, line.type), std::move(body.error()));
    if (line.type == "warning" && contains(kOfMemories, string_or(*body, "code"))) continue;
    leave_aside(line, *body);
    OneRun& one = runs[run.empty() ? line.run : std::move(run)];
    if (!line.is_event()) say_once(*body, one);
    (line.is_event() ? one.events : one.requests)
        .push_back({line.at, line.type, line.step, std::move(*body)});
  }
  return runs;
}

// The place of the first difference of two values that differ.
std::string first_place(const Json& one, const Json& other) {
  if (one.type() != other.type()) return "";
  if (one.is_object()) {
    for (const auto& [key, value] : one.items()) {
      const Json* beside = find(other, key);
      if (!beside) return "/" + key;
      if (*beside != value) return "/" + key + first_place(value, *beside);
    }
    for (const auto& [key, value] : other.items())
      if (!find(one, key)) return "/" + key;
  }
  if (one.is_array()) {
    const std::size_t both = std::min(one.size(), other.size());
    for (std::size_t i = 0; i < both; ++i)
      if (one[i] != other[i]) return fmt::format("/{}{}", i, first_place(one[i], other[i]));
    return fmt::format("/{}", both);
  }
  return "";
}

std::optional<Json> at_place(const Json& value, const std::string& place) {
  const Json::json_pointer pointer(place);
  return value.contains(pointer) ? std::optional(value.at(pointer)) : std::nullopt;
}

std::string brief(const Entry& entry) {
  std::string text =
      fmt::format("{}{}", entry.type, entry.step > 0 ? fmt::format(" (step {})", entry.step) : "");
  for (const char* key : {"tool", "text", "output", "error", "status", "input"})
    if (const Json* value = find(entry.body, key)) {
      std::string shown = value->is_string() ? value->get<std::string>() : dump(*value);
      if (shown.size() > limits::kBeforeBytes) {
        std::size_t end = limits::kBeforeBytes;
        while (end > 0 && (static_cast<unsigned char>(shown[end]) & 0xC0) == 0x80) --end;
        shown = shown.substr(0, end) + "…";
      }
      std::ranges::replace(shown, '\n', ' ');
      return fmt::format("{}: {}", text, shown);
    }
  return text;
}

struct Found {
  std::int64_t at = std::numeric_limits<std::int64_t>::max();
  std::optional<Difference> difference;
};

/// Holds one list of a run against the other's.
void compare(const std::vector<Entry>& recorded, const std::vector<Entry>& now, bool whole, Difference about,
             Found& found) {
  const std::size_t both = std::min(recorded.size(), now.size());
  std::size_t i = 0;
  while (i < both && recorded[i].type == now[i].type && recorded[i].body == now[i].body) ++i;
  if (i == recorded.size() && (i == now.size() || !whole)) return;
  const std::int64_t at = i < recorded.size() ? recorded[i].at : std::numeric_limits<std::int64_t>::max() - 1;
  if (at >= found.at) return;
  found.at = at;
  about.number = i + 1;
  const Entry& shown = i < recorded.size() ? recorded[i] : now[i];
  about.step = shown.step;
  about.what = shown.type;
  if (i < both && recorded[i].type == now[i].type) {
    about.field = first_place(recorded[i].body, now[i].body);
    about.recorded = at_place(recorded[i].body, about.field);
    about.now = at_place(now[i].body, about.field);
  } else {
    if (i < recorded.size()) about.recorded = recorded[i].body;
    if (i < now.size()) about.now = now[i].body;
  }
  for (std::size_t k = i > limits::kBeforeLines ? i - limits::kBeforeLines : 0; k < i; ++k)
    about.before.push_back(brief(recorded[k]));
  found.difference = std::move(about);
}

std::string shown(const std::optional<Json>& value, std::size_t from) {
  constexpr std::size_t kMost = limits::kDifferenceBytes;
  if (!value) return "nothing";
  std::string text = dump(*value);
  std::size_t begin = from > kMost / 2 ? from - kMost / 2 : 0;
  while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
  std::size_t end = std::min(text.size(), begin + kMost);
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
  return fmt::format("{}{}{}", begin > 0 ? "…" : "", text.substr(begin, end - begin),
                     end < text.size() ? "…" : "");
}

// How much two values have in common at their beginning, as text.
std::size_t common(const std::optional<Json>& one, const std::optional<Json>& other) {
  if (!one || !other) return 0;
  const std::string a = dump(*one);
  const std::string b = dump(*other);
  const auto [in_a, in_b] = std::ranges::mismatch(a, b);
  return static_cast<std::size_t>(in_a - a.begin());
}

}  // namespace

Result<std::optional<Difference>> first_difference(const Recording& recording,
                                                   const std::vector<store::LogLine>& replayed,
                                                   const RunNames& names, bool whole) {
  auto was = entries(recording.lines, nullptr);
  if (!was) return fail(std::move(was.error()));
  auto is = entries(replayed, &names);
  if (!is) return fail(std::move(is.error()));
  for (const auto& [run, one] : *is) (void)(*was)[run];
  Found found;
  for (const auto& [run, recorded] : *was) {
    const store::RunRow* row = recording.find(run);
    Difference about{.run = run, .agent = row ? row->agent : ""};
    compare(recorded.events, (*is)[run].events, whole, about, found);
    about.request = true;
    compare(recorded.requests, (*is)[run].requests, whole, about, found);
  }
  return std::move(found.difference);
}

std::size_t events_in(const std::vector<store::LogLine>& lines) {
  return static_cast<std::size_t>(std::ranges::count_if(lines, &store::LogLine::is_event));
}

std::string as_text(const Difference& difference) {
  std::string text = fmt::format("run {} ({}), {} {}", difference.run, difference.agent,
                                 difference.request ? "request" : "event", difference.number);
  if (difference.step > 0) text += fmt::format(", step {}", difference.step);
  text += fmt::format(": {}{}\n", difference.what,
                      difference.field.empty() ? "" : fmt::format(", {}", difference.field));
  const std::size_t from = common(difference.recorded, difference.now);
  text += fmt::format("  recorded: {}\n", shown(difference.recorded, from));
  text += fmt::format("  now:      {}\n", shown(difference.now, from));
  for (const std::string& one : difference.before) text += fmt::format("  before:   {}\n", one);
  return text;
}

Json to_json(const Difference& difference) {
  Json json = {{"run", difference.run},
               {"agent", difference.agent},
               {"of", difference.request ? "request" : "event"},
               {"number", difference.number},
               {"step", difference.step},
               {"type", difference.what},
               {"field", difference.field}};
  if (difference.recorded) json["recorded"] = *difference.recorded;
  if (difference.now) json["now"] = *difference.now;
  return json;
}

}  // namespace troupe::agents
