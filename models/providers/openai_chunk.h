#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe::models {

/// What a plain text chunk of a stream holds: {"choices":[{"index":0,"delta":{"content":"…"}, …}], …}.
struct TextChunk {
  std::string content;
  std::string reasoning;
  std::string finish_reason;
  std::string model;
};

/// Reads the chunks that streams consist of nearly wholly, without building a tree: one pass, a fifth of the
/// time. Nothing when the chunk has anything else in it that matters (tool calls, content in parts, usage, an
/// error, several choices, a whole message), or is no JSON: then the caller parses it properly.
std::optional<TextChunk> read_text_chunk(std::string_view json);

}  // namespace troupe::models
