#include "runtime/config/reader.h"

#include "runtime/base/suggest.h"
#include "runtime/config/text_check.h"

#include <fmt/format.h>

namespace troupe::config {

namespace {

std::string_view kind_of(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::scalar:
      return "a single value";
    case Node::Kind::sequence:
      return "a list";
    case Node::Kind::map:
      return "a map";
  }
  return "something else";
}

// May be written down as it stands: a reference without a value in it.
bool bare_reference(const Interpolated& value) {
  return value.whole && value.reference.find(":-") == std::string::npos;
}

}  // namespace

std::optional<Scalar> Reader::scalar(const Node& node, std::string_view expected) {
  if (node.kind != Node::Kind::scalar) {
    wrong_kind(node, expected);
    return std::nullopt;
  }
  auto value = interpolate(node.text, folder(node), environment_, known_);
  if (!value) {
    error(node.place, value.error());
    return std::nullopt;
  }
  if (secret_ || value->secret) remember_secret(node, *value);
  bool bare = bare_reference(*value);
  Scalar scalar{std::move(value->text),   node.text, !node.quoted || value->whole, value->any,
                secret_ || value->secret, bare};
  if (!scalar.interpolated) scalar.source = scalar.text;
  return scalar;
}

void Reader::remember_secret(const Node& node, const Interpolated& value) {
  for (const std::string& hidden : value.hidden) secrets_.add(hidden);
  if (secret_) {
    secrets_.add(value.text);
    for (const std::string& piece : value.pieces) secrets_.add(piece);
  }
  std::string at = pointer();
  if (!secret_values_.insert_or_assign(at, value.text).second) return;
  Reference reference{{}, bare_reference(value) ? value.reference : fmt::format("${{secret:{}}}", at)};
  for (const Frame& frame : frames_) reference.path.push_back(frame.key);
  references_.push_back(std::move(reference));
}

void Reader::wrong_kind(const Node& node, std::string_view expected) {
  if (node.kind == Node::Kind::null)
    error(node.place, fmt::format("has no value; give {}, or leave the key out", expected));
  else
    error(node.place, fmt::format("expected {}, got {}", expected, kind_of(node)));
}

std::string Reader::where() const {
  std::size_t first = 0;
  for (std::size_t i = 0; i < frames_.size(); ++i)
    if (!frames_[i].noun.empty()) first = i + 1;
  std::string inner;
  for (std::size_t i = first; i < frames_.size(); ++i) {
    if (!inner.empty() && !frames_[i].key.starts_with('[')) inner += '.';
    inner += frames_[i].key;
  }
  std::string outer =
      first == 0 ? "" : fmt::format("{} `{}`", frames_[first - 1].noun, clip(frames_[first - 1].key));
  if (inner.empty()) return outer;
  return outer.empty() ? fmt::format("`{}`", clip(inner)) : fmt::format("`{}` of {}", clip(inner), outer);
}

std::string Reader::pointer() const {
  std::string out;
  for (const Frame& frame : frames_) {
    if (!out.empty() && !frame.key.starts_with('[')) out += '.';
    out += frame.key;
  }
  return out;
}

std::string Reader::with_where(std::string_view text) const {
  std::string at = where();
  return at.empty() ? std::string(text) : fmt::format("{}: {}", at, text);
}

void Reader::error(Place place, std::string_view text) {
  problems_.error(place, with_where(text));
}
void Reader::warning(Place place, std::string_view text) {
  problems_.warning(place, with_where(text));
}

void Reader::define(std::string_view space, const std::string& name, Place place) {
  auto [at, fresh] = defined_[std::string(space)].try_emplace(name, place);
  if (!fresh) error(place, fmt::format("the name is taken; first at {}", sources_.point(at->second)));
}

void Reader::refer(std::string_view space, std::string_view noun, const std::string& name, Place place) {
  uses_.push_back({std::string(space), std::string(noun), name, place, where()});
}

void Reader::resolve() {
  for (const Use& use : uses_) {
    const auto& names = defined_[use.space];
    if (names.contains(use.name)) continue;
    std::vector<std::string> known;
    for (const auto& [name, place] : names) known.push_back(name);
    std::string hint = did_you_mean(use.name, known);
    if (hint.empty())
      hint = known.empty() ? fmt::format("; no {} is defined", use.noun)
                           : fmt::format("; there is {}", enumerate(known));
    problems_.error(use.place,
                    fmt::format("{}: no {} is named `{}`{}", use.where, use.noun, clip(use.name), hint));
  }
}

}  // namespace troupe::config
