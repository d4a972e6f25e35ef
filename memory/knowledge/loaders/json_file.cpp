#include "memory/knowledge/loaders/json_file.h"

#include "memory/knowledge/loaders/draft.h"
#include "memory/knowledge/loaders/json_lines.h"
#include "memory/knowledge/loaders/json_tokens.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::memory::loaders {

namespace {

using Kind = JsonToken::Kind;

/// Reads one file and puts records into a draft.
class JsonFile {
 public:
  JsonFile(std::string_view text, const LoadLimits& limits)
      : draft_(Format::json, limits), tokens_(text), lines_(tokens_, limits.json_depth, limits.text_bytes) {}

  Result<Document> load() {
    const JsonToken first = tokens_.next();
    const bool whole = first.kind == Kind::begin_array    ? elements("")
                       : first.kind == Kind::begin_object ? members()
                                                          : record(first, "");
    if (!whole && !stopped_ && !lines_.full()) {
      const std::string problem =
          fmt::format("{}: expected {}", place_in(tokens_.text(), lines_.broken_at()), lines_.expected());
      if (draft_.end() == 0)
        return fail(
            ErrorCode::invalid,
            fmt::format("this is no JSON: {}; a file with a value per line is to be read as jsonl, any "
                        "other as text",
                        problem));
      draft_.remark(fmt::format("The JSON breaks at {}; only what stands before is kept.", problem));
    } else if (whole && tokens_.next().kind != Kind::end) {
      draft_.remark(
          fmt::format("More follows behind the JSON value, at {}; it was not read. A file with a "
                      "value per line is to be read as jsonl.",
                      place_in(tokens_.text(), tokens_.at())));
    }
    if (lines_.full()) draft_.remark("The values take more text than is kept of a document.");
    if (lines_.too_deep()) draft_.remark("Values that are nested too deeply are kept as JSON.");
    return std::move(draft_).finish();
  }

 private:
  bool members() {
    JsonToken token = tokens_.next();
    if (token.kind == Kind::end_object) return true;
    for (;; token = tokens_.next()) {
      if (token.kind != Kind::string) return lines_.broken(token, "the name of a member");
      std::string path;
      append_key(path, unescaped_json(token.raw));
      if (token = tokens_.next(); token.kind != Kind::colon) return lines_.broken(token, "a colon");
      if (!member(tokens_.next(), path)) return false;
      const JsonToken after = tokens_.next();
      if (after.kind == Kind::end_object) return true;
      if (after.kind != Kind::comma) return lines_.broken(after, "a comma or }");
    }
  }

  bool member(const JsonToken& first, const std::string& path) {
    JsonTokens ahead = tokens_;
    const bool list = first.kind == Kind::begin_array && ahead.next().is_container();
    return list ? elements(path) : record(first, path);
  }

  /// The rest of an array, each element a record.
  bool elements(const std::string& path) {
    JsonToken token = tokens_.next();
    if (token.kind == Kind::end_array) return true;
    for (std::size_t index = 0;; ++index, token = tokens_.next()) {
      if (!record(token, path.empty() ? "" : fmt::format("{}[{}]", path, index))) return false;
      const JsonToken after = tokens_.next();
      if (after.kind == Kind::end_array) return true;
      if (after.kind != Kind::comma) return lines_.broken(after, "a comma or ]");
    }
  }

  bool record(const JsonToken& first, const std::string& path) {
    std::string text;
    const bool ok = lines_.write(first, path, text);
    if (!ok && !lines_.full()) return false;
    if (draft_.end() > 0 && first.is_container()) draft_.add("\n");
    const bool room = draft_.record() && draft_.add(text);
    if (!room) stopped_ = true;
    return ok && room;
  }

  Draft draft_;
  JsonTokens tokens_;
  JsonLines lines_;
  bool stopped_ = false;  ///< by a limit
};

/// Why `line` is no record; empty: it is one, and `out` has its lines.
std::string read_line(std::string_view line, const LoadLimits& limits, std::string& out) {
  if (line.size() > limits.line_bytes) return fmt::format("it is longer than {} bytes", limits.line_bytes);
  JsonTokens tokens(line);
  JsonLines lines(tokens, limits.json_depth, limits.text_bytes);
  if (!lines.write(tokens.next(), "", out)) {
    if (lines.full()) return "it takes more text than is kept of a document";
    return fmt::format("column {}: expected {}", lines.broken_at() + 1, lines.expected());
  }
  const JsonToken after = tokens.next();
  return after.kind == Kind::end ? ""
                                 : fmt::format("column {}: more follows behind the value", after.begin + 1);
}

}  // namespace

Result<Document> load_json(std::string_view text, const LoadLimits& limits) {
  return JsonFile(text, limits).load();
}

Result<Document> load_jsonl(std::string_view text, const LoadLimits& limits) {
  Draft draft(Format::jsonl, limits);
  std::string first_problem, out;
  std::size_t number = 0, lines = 0, read = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    ++lines;
    out.clear();
    if (std::string problem = read_line(line, limits, out); !problem.empty()) {
      problem = fmt::format("Line {} was left out: {}.", number, problem);
      if (first_problem.empty()) first_problem = problem;
      draft.remark(std::move(problem));
      continue;
    }
    if (draft.end() > 0) draft.add("\n");
    if (!draft.record() || !draft.add(out)) break;
    ++read;
  }
  if (lines > 0 && read == 0 && !draft.full())
    return fail(ErrorCode::invalid,
                fmt::format("none of {} lines is JSON; the first: {} Read the file as json or as text", lines,
                            first_problem));
  return std::move(draft).finish();
}

}  // namespace troupe::memory::loaders
