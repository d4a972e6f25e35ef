#include "models/cassettes/body_pieces.h"

#include <cstdint>

namespace troupe::models {

namespace {

bool is_text(const std::string& piece) {
  std::string quoted;
  append_quoted(quoted, piece);  // replaces what is no UTF-8
  auto back = parse_json(quoted, 1, quoted.size());
  return back && back->get<std::string>() == piece;
}

std::string characters_of(const std::string& bytes) {
  std::string out;
  for (unsigned char byte : bytes) {
    if (byte >= 0x80) {
      out += static_cast<char>(0xC0 | (byte >> 6));
      out += static_cast<char>(0x80 | (byte & 0x3F));
    } else {
      out += static_cast<char>(byte);
    }
  }
  return out;
}

// Nothing when a character stands for no byte.
std::optional<std::string> bytes_of(const std::string& characters) {
  std::string out;
  for (std::size_t i = 0; i < characters.size(); ++i) {
    const auto first = static_cast<unsigned char>(characters[i]);
    if (first < 0x80) {
      out += characters[i];
      continue;
    }
    if ((first & 0xFC) != 0xC0 || i + 1 == characters.size()) return std::nullopt;
    out += static_cast<char>(((first & 0x03) << 6) | (static_cast<unsigned char>(characters[++i]) & 0x3F));
  }
  return out;
}

}  // namespace

void mask_pieces(std::vector<std::string>& pieces, const Secrets& secrets) {
  std::string whole;
  for (const std::string& piece : pieces) whole += piece;
  if (redact(whole, secrets) == whole) return;
  std::vector<std::uint32_t> owner;  // the piece of each byte
  for (std::uint32_t i = 0; i < pieces.size(); ++i) owner.insert(owner.end(), pieces[i].size(), i);
  constexpr std::string_view kMask = "***";
  for (const std::string& form : secrets.forms())
    for (std::size_t at = whole.find(form); at != std::string::npos;
         at = whole.find(form, at + kMask.size())) {
      const auto first = owner.begin() + static_cast<std::ptrdiff_t>(at);
      const std::uint32_t begun = *first;
      owner.insert(owner.erase(first, first + static_cast<std::ptrdiff_t>(form.size())), kMask.size(), begun);
      whole.replace(at, form.size(), kMask);
    }
  for (std::string& piece : pieces) piece.clear();
  for (std::size_t i = 0; i < whole.size(); ++i) pieces[owner[i]] += whole[i];
  std::erase_if(pieces, [](const std::string& piece) { return piece.empty(); });
}

Json pieces_value(const std::vector<std::string>& pieces) {
  Json value = Json::array();
  for (const std::string& piece : pieces) {
    if (is_text(piece))
      value.push_back(piece);
    else
      value.push_back({{"bytes", characters_of(piece)}});
  }
  return value;
}

std::optional<std::vector<std::string>> read_pieces(const Json& value) {
  if (!value.is_array()) return std::nullopt;
  std::vector<std::string> pieces;
  for (const Json& piece : value) {
    if (piece.is_string()) {
      pieces.push_back(piece.get<std::string>());
      continue;
    }
    const Json* characters = find(piece, "bytes");
    auto bytes =
        characters && characters->is_string() ? bytes_of(characters->get<std::string>()) : std::nullopt;
    if (!bytes) return std::nullopt;
    pieces.push_back(std::move(*bytes));
  }
  return pieces;
}

}  // namespace troupe::models
