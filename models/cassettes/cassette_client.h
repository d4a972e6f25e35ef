#pragma once

#include "models/cassettes/tape.h"
#include "runtime/net/http_client.h"

#include <string>

namespace troupe::models {

/// An HTTP client that answers from a file of recorded exchanges, offline and byte for byte: the same head,
/// the same pieces in the same order, the same end. In mode auto, what the file does not have is asked over
/// the network, and what comes back is added; a refusal or a broken connection is played once, in its place,
/// and the next time asked again. How long a server said to wait is not waited for again. Loop thread only.
class CassetteClient final : public net::HttpClient {
 public:
  enum class Mode { automatic, replay };
  /// `http` outlives it; in mode replay nothing is sent. `title` names the cassette in errors.
  CassetteClient(std::string title, Tape tape, Mode mode, net::HttpClient& http)
      : title_(std::move(title)), tape_(std::move(tape)), mode_(mode), http_(http) {}

  /// Errors: what was recorded, and those of `http`; unavailable when there is no recording and none may be
  /// made, naming the first difference to the nearest, and when a recording ends where its reader then had
  /// enough and this one has not; cancelled. A recording that cannot be written is the call's error (store):
  /// a cassette with holes would fail later, elsewhere.
  Task<Result<net::HttpHead>> stream(net::HttpRequest request, net::BodySink& sink, Stop& stop) override;
  Task<Result<net::HttpResponse>> fetch(net::HttpRequest request, Stop& stop) override;

 private:
  Task<Result<net::HttpHead>> play(Exchange exchange, std::string url, net::BodySink& sink, Stop& stop);
  Task<Result<net::HttpHead>> record(Json form, net::HttpRequest request, net::BodySink& sink, Stop& stop);

  std::string title_;
  Tape tape_;
  Mode mode_;
  net::HttpClient& http_;
};

}  // namespace troupe::models
