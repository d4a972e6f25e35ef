#include "runtime/config/interpolate.h"

#include "runtime/base/limits.h"
#include "runtime/config/paths.h"
#include "runtime/config/text_check.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::config {

namespace {

bool name_char(char c, bool first) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || (!first && c >= '0' && c <= '9');
}

bool variable_name(std::string_view name) {
  if (name.empty() || !name_char(name[0], true)) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return name_char(c, false); });
}

// The value of one `${…}`, and how it may be shown.
struct Piece {
  std::string text;
  std::string reference;
  bool secret = false;
};
using PieceOr = std::expected<Piece, std::string>;

PieceOr from_file(std::string_view written, const std::string& folder, const Environment& environment) {
  auto path = resolve_path(written, folder, environment);
  if (!path) return std::unexpected(fmt::format("`${{file:{}}}`: {}", clip(written), path.error()));
  auto bytes = environment.read_file(*path, limits::kSecretFileBytes);
  if (!bytes)
    return std::unexpected(
        fmt::format("`${{file:{}}}`: cannot read {}: {}", clip(written), *path, bytes.error().message));
  if (bytes->ends_with('\n')) bytes->pop_back();
  if (bytes->ends_with('\r')) bytes->pop_back();
  if (bytes->empty())
    return std::unexpected(fmt::format("`${{file:{}}}`: {} is empty", clip(written), *path));
  return Piece{std::move(*bytes), fmt::format("${{file:{}}}", *path), true};
}

PieceOr from_variable(std::string_view inside, const Environment& environment) {
  std::string_view name = inside.substr(0, inside.find(":-"));
  bool has_default = name.size() < inside.size();
  if (!variable_name(name))
    return std::unexpected(
        fmt::format("`${{{}}}` is not `${{NAME}}`, `${{NAME:-default}}` or `${{file:PATH}}`; for a literal "
                    "`${{` write `$${{`",
                    clip(inside)));
  auto value = environment.variable(std::string(name));
  std::string reference = fmt::format("${{{}}}", inside);
  if (has_default && (!value || value->empty()))
    return Piece{std::string(inside.substr(name.size() + 2)), reference, false};
  if (!value)
    return std::unexpected(fmt::format(
        "the environment variable `{}` is not set; set it, or give a default: `${{{}:-…}}`", name, name));
  return Piece{std::move(*value), reference, false};
}

PieceOr piece_of(std::string_view inside, const std::string& folder, const Environment& environment,
                 const SecretValues& secrets) {
  constexpr std::string_view kFile = "file:";
  constexpr std::string_view kSecret = "secret:";
  if (inside.starts_with(kFile)) return from_file(inside.substr(kFile.size()), folder, environment);
  if (inside.starts_with(kSecret) && !secrets.empty()) {
    auto found = secrets.find(inside.substr(kSecret.size()));
    if (found != secrets.end()) return Piece{found->second, fmt::format("${{{}}}", inside), true};
    return std::unexpected(
        fmt::format("the secret `{}` is not in the configuration any more", inside.substr(kSecret.size())));
  }
  return from_variable(inside, environment);
}

}  // namespace

std::expected<Interpolated, std::string> interpolate(std::string_view source, const std::string& folder,
                                                     const Environment& environment,
                                                     const SecretValues& secrets) {
  Interpolated out;
  std::size_t at = 0;
  while (at < source.size()) {
    if (source.substr(at).starts_with("$${")) {
      out.text += "${";
      out.reference += "$${";
      at += 3;
      continue;
    }
    if (!source.substr(at).starts_with("${")) {
      out.text += source[at];
      out.reference += source[at++];
      continue;
    }
    std::size_t end = source.find('}', at);
    if (end == std::string_view::npos)
      return std::unexpected("`${` is not closed with `}`; for a literal `${` write `$${`");
    std::string_view inside = source.substr(at + 2, end - at - 2);
    if (inside.find("${") != std::string_view::npos)
      return std::unexpected(
          fmt::format("`${{{}}}`: one `${{…}}` cannot stand inside another", clip(inside)));
    auto piece = piece_of(inside, folder, environment, secrets);
    if (!piece) return std::unexpected(piece.error());
    out.any = true;
    out.whole = at == 0 && end + 1 == source.size();
    out.secret = out.secret || piece->secret;
    out.text += piece->text;
    out.reference += piece->reference;
    if (out.text.size() > limits::kConfigTextBytes)
      return std::unexpected("the text is too large once its variables are put in");
    if (piece->secret) out.hidden.push_back(piece->text);
    out.pieces.push_back(std::move(piece->text));
    at = end + 1;
  }
  return out;
}

std::string escape_interpolation(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("${")) out += '$';
    out += text[i];
  }
  return out;
}

}  // namespace troupe::config
