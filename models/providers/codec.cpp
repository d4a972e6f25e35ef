#include "models/providers/codec.h"

#include "models/limits.h"
#include "models/providers/complaint.h"
#include "models/token_estimate.h"

namespace troupe::models {

Error Codec::refusal(const net::HttpHead& head, std::string_view body) const {
  return complaint_error(ProviderComplaint::read_text(body), head.status);
}

std::int64_t Codec::estimate_input(const ModelRequest& request) const {
  const auto& messages = request.transcript->messages();
  std::int64_t tokens = 0;
  for (const Message& message : messages)
    tokens += limits::kPictureTokens * static_cast<std::int64_t>(message.images.size());
  if (tokens == 0) {
    tokens = estimate_tokens(request.transcript->rendering(dialect_).text);
  } else {  // the rendering is mostly their data
    for (const Message& message : messages) tokens += estimate_tokens(message.content);
  }
  if (request.tool_mode == ToolMode::native)
    for (const ToolDeclaration& tool : *request.tools)
      tokens += estimate_tokens(tool.name) + estimate_tokens(tool.description) + estimate_tokens(tool.schema);
  return tokens;
}

}  // namespace troupe::models
