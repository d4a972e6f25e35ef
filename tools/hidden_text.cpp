#include "tools/hidden_text.h"

#include "runtime/base/ascii.h"
#include "runtime/config/collections.h"
#include "runtime/config/interpolate.h"
#include "runtime/config/json_value.h"
#include "runtime/config/scalars.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

using config::Node;
using config::Reader;

// Of "Bearer x" the x, which a peer may show without the rest.
std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts{text};
  if (const auto blank = text.rfind(' '); blank != std::string::npos) parts.push_back(text.substr(blank + 1));
  return parts;
}

bool interpolates(std::string_view source) {
  for (auto at = source.find("${"); at != source.npos; at = source.find("${", at + 1))
    if (at == 0 || source[at - 1] != '$') return true;
  return false;
}

// What comes after scheme and host of a URL as it is written.
std::string_view behind_host(std::string_view source) {
  if (const auto mark = source.find("://"); mark != source.npos) source.remove_prefix(mark + 3);
  int inside = 0;
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source.substr(i).starts_with("${")) ++inside;
    if (source[i] == '}' && inside > 0) --inside;
    if (inside == 0 && (source[i] == '/' || source[i] == '?')) return source.substr(i);
  }
  return "";
}

class Line final : public config::Shape<HiddenText> {
 public:
  explicit Line(config::ShapePtr<std::string> line) : line_(std::move(line)) {}

  void read(const Node& node, HiddenText& value, Reader& reader) const override {
    read_as(node, value, reader, interpolates(node.text));
  }
  void read_as(const Node& node, HiddenText& value, Reader& reader, bool secret) const {
    Reader::Hushed hushed(reader, secret);
    const std::size_t errors = reader.errors();
    line_->read(node, value.text, reader);
    if (!secret || reader.errors() != errors) return;
    value.hidden = parts_of(value.text);
    // Not in a text restored from the journal, whose secrets are put in by their place.
    if (auto again = config::interpolate(node.text, reader.folder(node), reader.environment(), {}))
      value.hidden.insert(value.hidden.end(), again->pieces.begin(), again->pieces.end());
  }
  Json show(const HiddenText& value) const override { return line_->show(value.text); }
  Json schema() const override { return line_->schema(); }

 private:
  config::ShapePtr<std::string> line_;
};

class Lines final : public config::Shape<HiddenTexts> {
 public:
  Lines(std::string expected, std::string (*check_key)(std::string_view), bool all_secret)
      : expected_(std::move(expected)), check_key_(check_key), all_secret_(all_secret) {}

  void read(const Node& node, HiddenTexts& values, Reader& reader) const override {
    if (!config::is_map(node, reader, expected_)) return;
    values.clear();
    for (const config::Member& member : node.members) {
      Reader::Inside inside(reader, member.key);
      if (std::string problem = check_key_(member.key); !problem.empty()) reader.error(member.place, problem);
      line_.read_as(member.value, values[member.key], reader,
                    all_secret_ || interpolates(member.value.text) || names_a_secret(member.key));
    }
  }
  Json show(const HiddenTexts& values) const override {
    Json map = Json::object();
    for (const auto& [key, value] : values) map[key] = line_.show(value);
    return map;
  }
  Json schema() const override { return config::map_schema(line_.schema()); }

 private:
  std::string expected_;
  std::string (*check_key_)(std::string_view);
  bool all_secret_;
  Line line_{config::line({.expected = "a text", .empty_allowed = true})};
};

class UrlLine final : public config::Shape<HiddenText> {
 public:
  void read(const Node& node, HiddenText& value, Reader& reader) const override {
    line_.read_as(node, value, reader, interpolates(behind_host(node.text)));
  }
  Json show(const HiddenText& value) const override { return line_.show(value); }
  Json schema() const override { return line_.schema(); }

 private:
  Line line_{config::line({.expected = "a URL"})};
};

class Value final : public config::Shape<HiddenJson> {
 public:
  explicit Value(std::string expected) : json_(config::json_value(std::move(expected))) {}

  void read(const Node& node, HiddenJson& value, Reader& reader) const override {
    const std::size_t errors = reader.errors();
    json_->read(node, value.value, reader);
    if (reader.errors() == errors) hide(node, value, reader);
  }
  Json show(const HiddenJson& value) const override { return json_->show(value.value); }
  Json schema() const override { return json_->schema(); }

 private:
  static void hide(const Node& node, HiddenJson& value, Reader& reader) {
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      Reader::Inside inside(reader, fmt::format("[{}]", i));
      hide(node.items[i], value, reader);
    }
    for (const config::Member& member : node.members) {
      Reader::Inside inside(reader, member.key);
      hide(member.value, value, reader);
    }
    if (node.kind != Node::Kind::scalar || !interpolates(node.text)) return;
    Reader::Hushed hushed(reader, true);
    if (auto scalar = reader.scalar(node, "a value")) value.hidden.push_back(scalar->text);
  }

  config::ShapePtr<Json> json_;
};

}  // namespace

bool names_a_secret(std::string_view name) {
  std::string plain = lower(name);
  std::erase_if(plain, [](char c) { return c == '-' || c == '_'; });
  for (const std::string_view word : {"authorization", "cookie", "apikey", "accesskey", "subscriptionkey",
                                      "token", "secret", "password", "signature"})
    if (plain.find(word) != std::string::npos) return true;
  return plain == "key" || plain == "auth";
}

config::ShapePtr<HiddenJson> hidden_json(std::string expected) {
  return std::make_shared<Value>(std::move(expected));
}

config::ShapePtr<HiddenTexts> hidden_lines(std::string expected, std::string (*check_key)(std::string_view)) {
  return std::make_shared<Lines>(std::move(expected), check_key, false);
}

config::ShapePtr<HiddenTexts> secret_lines(std::string expected, std::string (*check_key)(std::string_view)) {
  return std::make_shared<Lines>(std::move(expected), check_key, true);
}

config::ShapePtr<HiddenText> hidden_url() {
  return std::make_shared<UrlLine>();
}

}  // namespace troupe::tools
