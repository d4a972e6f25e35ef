#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/net/http_client.h"
#include "tools/builtin/image/picture_kind.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The images endpoint of OpenAI and of servers with its API, as far as the tool speaks it. No I/O.
namespace troupe::tools::images {

/// One picture of an answer: its bytes, or where they are.
struct Found {
  std::string bytes;
  std::string url;      ///< where `bytes` is empty; may hold a secret in its query
  std::string revised;  ///< the prompt as the service changed it, "" where it did not
  std::string problem;  ///< why it cannot be had, "": it can
};

/// Of an answer with status 2xx; at most `most` of its pictures. Errors: protocol (no JSON, no picture in
/// it).
Result<std::vector<Found>> read_answer(std::string_view body, std::size_t bytes_max, std::size_t most);

/// A picture that can be kept.
struct Picture {
  std::string bytes;
  PictureKind kind;
  std::string name;  ///< of its file: made of what is in it, so that no other picture has it
};

/// Errors: protocol, too_large.
Result<Picture> picture_of(std::string bytes, std::size_t bytes_max);

/// What an answer beyond 2xx means, for the model and for the operator. `tool`: its name in the
/// configuration. What the service says of a key is left out. `now_ms`: of the wall clock.
Error refusal(const net::HttpResponse& answer, std::string_view tool, std::int64_t now_ms);

}  // namespace troupe::tools::images
