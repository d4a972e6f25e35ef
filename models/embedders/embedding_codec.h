#pragma once

#include "models/embedder.h"
#include "models/providers/complaint.h"
#include "runtime/base/result.h"
#include "runtime/net/http_client.h"

#include <span>
#include <string>
#include <string_view>

namespace troupe::models {

/// The wire format of one provider of embeddings: requests out, answers in. Sans I/O, immutable: any thread.
class EmbeddingCodec {
 public:
  virtual ~EmbeddingCodec() = default;

  virtual std::string request_body(std::span<const std::string> texts) const = 0;
  /// The rows of an answer with a status of 2xx, in the order of the texts. Errors: protocol (not of this
  /// format; a row of another length than the first; a number that is not finite), model (an error inside).
  virtual Result<Vectors> read(std::string_view body) const = 0;
  /// The error for an answer with any other status.
  virtual Error refusal(const net::HttpHead& head, std::string_view body) const {
    return complaint_error(ProviderComplaint::read_text(body), head.status);
  }
};

}  // namespace troupe::models
