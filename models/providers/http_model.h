#pragma once

#include "models/model.h"
#include "models/providers/codec.h"
#include "models/providers/http_entry.h"
#include "models/settings.h"
#include "runtime/net/http_client.h"

#include <memory>
#include <string>

namespace troupe::models {

/// A model behind an HTTP API: a codec, an address and a client. One attempt a call; governor/governed.h
/// repeats them.
///
/// A request with a schema is sent with it where the entry and the codec let it. A server that refuses the
/// schema is asked once more within the same call, without it; so is nothing else. From then on, and once a
/// reply held to a schema turned into blanks without end, the entry leaves schemas out; a `warning` event
/// with code "constrain_off" says so.
class HttpModel final : public Model {
 public:
  /// `http` outlives the model.
  HttpModel(ModelSettings settings, Endpoint endpoint, std::unique_ptr<Codec> codec, net::HttpClient& http);

  /// Errors: as Model says. Their messages name this entry, its model and address and what the server said,
  /// and hold no key. Whether to try again, and when, is in `retryable` and `retry_after`.
  Task<Result<ModelReply>> complete(ModelRequest request, TokenSink& sink, CallContext& context) override;
  const std::string& name() const override { return settings_.name; }

 private:
  /// What came of a request.
  struct Answer;

  Task<Answer> ask(ModelRequest request, TokenSink& sink, CallContext& context);
  void leave_schemas_out(const std::string& why, CallContext& context);
  void estimate_usage(const ModelRequest& request, ModelReply& reply) const;

  ModelSettings settings_;
  net::HttpClient& http_;
  std::unique_ptr<Codec> codec_;
  HttpEntry entry_;
  bool schemas_off_;  ///< the entry wants none, or its server was found to do without
};

}  // namespace troupe::models
