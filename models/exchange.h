#pragma once

#include "models/message.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <string>
#include <vector>

namespace troupe::models {

/// One call of a model and what came of it, as a cassette keeps it.
struct Exchange {
  struct Piece {
    bool reasoning = false;
    std::string text;
  };
  Json request;               ///< as request_match.h normalises it
  std::vector<Piece> pieces;  ///< as the model streamed them
  Result<ModelReply> outcome = ModelReply{};
};

/// One line of JSON, without the line feed.
std::string to_line(const Exchange& exchange);
/// Errors: invalid, naming what is missing.
Result<Exchange> from_line(std::string_view line);

}  // namespace troupe::models
