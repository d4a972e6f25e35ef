#include "runtime/config/scalars.h"

#include "runtime/base/suggest.h"
#include "runtime/config/hosts.h"
#include "runtime/config/paths.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::config {

namespace {

constexpr std::size_t kLineBytes = 4096;

// A variable may stand for any scalar; what it holds is known only where the daemon runs.
Json or_variable(Json schema) {
  return Json{{"anyOf", Json::array({std::move(schema), Json{{"type", "string"}, {"pattern", "\\$\\{"}}})}};
}

// A variable may stand for a whole number, and only for a whole one.
Json or_whole_variable(Json schema) {
  return Json{
      {"anyOf", Json::array({std::move(schema), Json{{"type", "string"}, {"pattern", "^\\$\\{[^}]*\\}$"}}})}};
}

Json show_text(const std::string& text) {
  return escape_interpolation(text);
}

std::expected<std::string, std::string> check_text(const Scalar& scalar, const TextRules& rules) {
  auto value = parse_text(scalar);
  if (!value) return value;
  if (value->empty() && !rules.empty_allowed)
    return std::unexpected(scalar.interpolated ? fmt::format("{} is empty", scalar.shown())
                                               : "must not be empty");
  if (value->size() > rules.bytes_max)
    return std::unexpected(
        fmt::format("is {} bytes long; at most {} are read", value->size(), rules.bytes_max));
  if (rules.lower_case)
    std::transform(value->begin(), value->end(), value->begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  std::string problem = rules.check ? rules.check(*value) : "";
  if (problem.empty()) return value;
  return std::unexpected(fmt::format("expected {}, got {}; {}", rules.expected, scalar.shown(), problem));
}

template <class T>
std::string out_of_range(const Scalar& scalar, const T& least, const T& most) {
  return fmt::format("must be between {} and {}, not {}", least, most, scalar.shown());
}

bool one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

std::string url_problem(std::string_view url) {
  std::size_t scheme = url.find("://");
  std::string_view word = scheme == std::string_view::npos ? "" : url.substr(0, scheme);
  if (word != "http" && word != "https") return "it must start with `http://` or `https://`";
  std::string_view rest = url.substr(scheme + 3);
  std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (authority.empty() || authority.starts_with(':')) return "it has no host";
  if (authority.find('@') != std::string_view::npos)
    return "a user or password does not belong into it; keys have a field of their own";
  if (rest.find_first_of("?#") != std::string_view::npos) return "it must not have a `?` or `#` part";
  if (rest.find_first_of(" \\\"<>^`{|}") != std::string_view::npos)
    return "it contains a character that no URL has";
  // Names in other scripts are left to whoever resolves them.
  bool ascii = std::none_of(authority.begin(), authority.end(), [](unsigned char c) { return c >= 0x80; });
  std::string_view host = authority;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (ascii && !split_host_port(authority) && !valid_host(host)) return "its host or port is not a valid one";
  return "";
}

}  // namespace

ShapePtr<std::string> text(TextRules rules) {
  Json schema{{"type", "string"}};
  if (!rules.empty_allowed) schema["minLength"] = 1;
  if (!rules.pattern.empty()) schema["pattern"] = rules.pattern;
  ScalarShape<std::string>::Rules scalar;
  scalar.expected = rules.expected;
  scalar.schema = rules.pattern.empty() ? schema : or_variable(schema);
  scalar.show = show_text;
  scalar.parse = [rules = std::move(rules)](const Scalar& s) { return check_text(s, rules); };
  return make_scalar<std::string>(std::move(scalar));
}

ShapePtr<std::string> line(TextRules rules) {
  rules.bytes_max = std::min(rules.bytes_max, kLineBytes);
  rules.check = [inner = std::move(rules.check)](std::string_view value) -> std::string {
    if (!one_line(value)) return "it contains a line break or another control character";
    return inner ? inner(value) : "";
  };
  return text(std::move(rules));
}

namespace {

class Reference final : public Shape<std::string> {
 public:
  Reference(std::string space, std::string noun, bool parts)
      : space_(std::move(space)), noun_(std::move(noun)), parts_(parts) {}
  void read(const Node& node, std::string& value, Reader& reader) const override {
    std::size_t errors = reader.errors();
    name_->read(node, value, reader);
    if (reader.errors() != errors) return;
    const auto end = parts_ ? value.find('/') : std::string::npos;
    reader.refer(space_, noun_, value.substr(0, end), node.place);
  }
  Json show(const std::string& value) const override { return name_->show(value); }
  Json schema() const override { return name_->schema(); }

 private:
  std::string space_;
  std::string noun_;
  bool parts_;
  ShapePtr<std::string> name_ =
      line({.expected = fmt::format("the name of {} {}", noun_ == "agent" ? "an" : "a", noun_)});
};

}  // namespace

ShapePtr<std::string> reference(std::string space, std::string noun) {
  return std::make_shared<Reference>(std::move(space), std::move(noun), false);
}

ShapePtr<std::string> part_reference(std::string space, std::string noun) {
  return std::make_shared<Reference>(std::move(space), std::move(noun), true);
}

ShapePtr<std::string> path(There there) {
  class Path final : public Shape<std::string> {
   public:
    explicit Path(There what) : there_(what) {}
    void read(const Node& node, std::string& value, Reader& reader) const override {
      std::string written;
      std::size_t errors = reader.errors();
      text_->read(node, written, reader);
      if (reader.errors() != errors) return;
      auto absolute = resolve_path(written, reader.folder(node), reader.environment());
      std::string problem = absolute ? absence(*absolute, reader.environment()) : absolute.error();
      if (problem.empty())
        value = std::move(*absolute);
      else
        reader.error(node.place, problem);
    }
    Json show(const std::string& value) const override { return show_text(value); }
    Json schema() const override { return text_->schema(); }

   private:
    std::string absence(const std::string& absolute, const Environment& environment) const {
      bool folder = there_ != There::anything && environment.is_directory(absolute);
      if (there_ == There::directory && !folder) return fmt::format("there is no folder {}", absolute);
      if (there_ == There::file && (folder || !environment.exists(absolute)))
        return fmt::format("there is no file {}", absolute);
      return "";
    }

    There there_;
    ShapePtr<std::string> text_ =
        line({.expected = there_ == There::directory ? "the path of a folder" : "a path"});
  };
  return std::make_shared<Path>(there);
}

ShapePtr<std::string> base_url() {
  ScalarShape<std::string>::Rules scalar;
  TextRules rules{
      .expected = "a URL", .bytes_max = kLineBytes, .check = url_problem, .pattern = "^https?://[^@?#\\s]+$"};
  scalar.expected = rules.expected;
  scalar.schema = or_variable(Json{{"type", "string"}, {"pattern", rules.pattern}});
  scalar.show = show_text;
  scalar.parse = [rules](const Scalar& s) -> std::expected<std::string, std::string> {
    auto value = check_text(s, rules);
    if (value && !one_line(*value))
      return std::unexpected("contains a line break or another control character");
    while (value && value->ends_with('/')) value->pop_back();
    return value;
  };
  return make_scalar<std::string>(std::move(scalar));
}

ShapePtr<bool> boolean() {
  return make_scalar<bool>({.expected = "`true` or `false`",
                            .parse = parse_bool,
                            .show = [](const bool& value) { return Json(value); },
                            .schema = or_whole_variable(Json{{"type", "boolean"}})});
}

ShapePtr<double> number(double least, double most) {
  auto parse = [least, most](const Scalar& s) -> std::expected<double, std::string> {
    auto value = parse_number(s);
    if (value && (*value < least || *value > most)) return std::unexpected(out_of_range(s, least, most));
    return value;
  };
  return make_scalar<double>(
      {.expected = "a number",
       .parse = parse,
       .show = [](const double& value) { return Json(value); },
       .schema = or_whole_variable(Json{{"type", "number"}, {"minimum", least}, {"maximum", most}})});
}

ShapePtr<std::int64_t> integer64(std::int64_t least, std::int64_t most) {
  auto parse = [least, most](const Scalar& s) -> std::expected<std::int64_t, std::string> {
    auto value = parse_integer(s);
    if (value && (*value < least || *value > most)) return std::unexpected(out_of_range(s, least, most));
    return value;
  };
  return make_scalar<std::int64_t>(
      {.expected = "a whole number",
       .parse = parse,
       .show = [](const std::int64_t& value) { return Json(value); },
       .schema = or_whole_variable(Json{{"type", "integer"}, {"minimum", least}, {"maximum", most}})});
}

ShapePtr<std::chrono::milliseconds> duration(std::chrono::milliseconds least,
                                             std::chrono::milliseconds most) {
  using Duration = std::chrono::milliseconds;
  auto parse = [least, most](const Scalar& s) -> std::expected<Duration, std::string> {
    auto value = parse_duration(s);
    if (value && (*value < least || *value > most))
      return std::unexpected(out_of_range(s, show_duration(least), show_duration(most)));
    return value;
  };
  return make_scalar<Duration>(
      {.expected = "a duration such as `30s`",
       .parse = parse,
       .show = [](const Duration& value) { return Json(show_duration(value)); },
       .schema = or_variable(Json{{"type", "string"}, {"pattern", "^[0-9]+(ms|s|m|h|d)$"}})});
}

ShapePtr<std::size_t> bytes(std::size_t least, std::size_t most) {
  auto parse = [least, most](const Scalar& s) -> std::expected<std::size_t, std::string> {
    auto value = parse_bytes(s);
    if (value && (*value < least || *value > most))
      return std::unexpected(out_of_range(s, show_bytes(least), show_bytes(most)));
    return value;
  };
  return make_scalar<std::size_t>(
      {.expected = "a size such as `64KiB`",
       .parse = parse,
       .show = [](const std::size_t& value) { return Json(show_bytes(value)); },
       .schema = or_variable(Json{{"type", "string"}, {"pattern", "^[0-9]+(B|KiB|MiB|GiB)$"}})});
}

bool stands_for(std::string_view word, std::string_view written) {
  if (!word.ends_with(kFamilyEnd)) return word == written;
  const std::string_view beginning = word.substr(0, word.size() - kFamilyEnd.size() + 1);
  return written.starts_with(beginning) && written.size() > beginning.size();
}

Json word_schema(std::string_view word) {
  if (!word.ends_with(kFamilyEnd)) return Json{{"const", word}};
  const std::string beginning(word.substr(0, word.size() - kFamilyEnd.size() + 1));
  return Json{{"type", "string"}, {"pattern", "^" + beginning + "."}, {"title", word}};
}

std::string Words::check(const Scalar& written) const {
  std::vector<std::string> all = names();
  for (const std::string& word : all)
    if (stands_for(word, written.text)) return "";
  // `plugin/weather` is of the reserved kind `plugin`.
  std::string family = written.text.substr(0, written.text.find('/'));
  if (std::find(reserved.begin(), reserved.end(), family) != reserved.end())
    return fmt::format("{} is not available in this version; there is {}", written.shown(), enumerate(all));
  std::string hint = written.secret ? "" : did_you_mean(written.text, all);
  return fmt::format("expected one of {}, got {}{}", enumerate(all), written.shown(), hint);
}

std::vector<std::string> Words::names() const {
  std::vector<std::string> all;
  for (const Word& word : words) all.push_back(word.word);
  return all;
}

Json Words::schema() const {
  Json choices = Json::array();
  for (const Word& word : words) {
    Json choice = word_schema(word.word);
    if (!word.about.empty()) choice["description"] = word.about;
    choices.push_back(std::move(choice));
  }
  choices.push_back(Json{{"type", "string"}, {"pattern", "\\$\\{"}});
  return Json{{"anyOf", std::move(choices)}};
}

ShapePtr<std::string> one_of(Words words) {
  ScalarShape<std::string>::Rules rules;
  rules.expected = "one of " + enumerate(words.names());
  rules.schema = words.schema();
  rules.show = [](const std::string& value) { return Json(value); };
  rules.parse = [words = std::move(words)](const Scalar& scalar) -> std::expected<std::string, std::string> {
    if (std::string problem = words.check(scalar); !problem.empty()) return std::unexpected(problem);
    return scalar.text;
  };
  return make_scalar<std::string>(std::move(rules));
}

}  // namespace troupe::config
