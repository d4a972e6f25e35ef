#pragma once

#include "runtime/base/clock.h"
#include "runtime/base/context.h"
#include "runtime/base/result.h"
#include "runtime/base/secret.h"
#include "runtime/net/http_client.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace troupe::models {

/// Where and how a provider is reached: what its codec does not say.
struct Endpoint {
  std::string url;
  net::Headers headers{};  ///< beyond the usual ones, such as {"authorization", "Bearer …"}
};

/// What an entry of the configuration says about its calls, whatever they are for.
struct EntryOrigin {
  std::string_view noun;  ///< "model"
  const std::string& name;
  const std::string& model;
  const std::string& api_key;
  const std::map<std::string, std::string>& extra_headers;
  std::chrono::milliseconds timeout;
};

/// What all calls of one entry over HTTP share: their address and headers, and how what goes wrong with them
/// is told: by the entry, its model and its address, and without its secrets. A value; loop thread.
class HttpEntry {
 public:
  /// `accept`: what a call wants back, "application/json".
  HttpEntry(const EntryOrigin& origin, Endpoint endpoint, std::string_view accept);

  net::HttpRequest post(std::string body, std::size_t answer_max, const CallContext& context) const;
  net::HttpRequest get(std::size_t answer_max, const CallContext& context) const;
  const std::string& title() const { return title_; }  ///< "model main (gpt-4o-mini at https://…)"

  /// An error as people read it.
  std::unexpected<Error> named(Error error) const;
  /// The error of a call that brought no answer, which was to have at most `answer_max` bytes.
  std::unexpected<Error> unanswered(Error error, std::size_t answer_max) const;
  /// The error of an answer with a status that is none of success: what the codec read out of it, and what
  /// its head says about coming again.
  std::unexpected<Error> refused(Error error, const net::HttpHead& head, const Clock& clock) const;

 private:
  net::HttpRequest request(std::size_t answer_max, const CallContext& context) const;

  std::string url_;
  net::Headers headers_;
  std::string title_;
  Secrets secrets_;
  bool keyed_;
  std::chrono::milliseconds timeout_;
};

}  // namespace troupe::models
