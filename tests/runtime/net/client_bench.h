#pragma once

#include "runtime/async/nursery.h"
#include "runtime/net/curl_client.h"
#include "tests/fakes/descriptors.h"
#include "tests/fakes/http_peer.h"
#include "tests/fakes/run_loop.h"

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace troupe::net {

using fakes::open_descriptors;

/// Collects a streamed answer; closes it after `enough` bytes, and tells `each` about every piece.
struct Collector final : BodySink {
  bool on_head(const HttpHead& h) override {
    heads.push_back(h);
    return accept_head;
  }
  bool on_data(std::string_view bytes) override {
    body.append(bytes);
    ++pieces;
    if (each) each();
    return body.size() < enough;
  }
  std::vector<HttpHead> heads;
  std::string body;
  std::size_t pieces = 0;
  std::size_t enough = std::string::npos;
  bool accept_head = true;
  std::function<void()> each;
};

/// A loop and a client on it.
struct ClientBench {
  explicit ClientBench(NetworkSettings settings = {}, Guarding guarding = Guarding::open,
                       Resolver::Lookup lookup = Resolver::system)
      : client(loop, std::move(settings), guarding, std::move(lookup)) {}

  Result<HttpResponse> fetch(HttpRequest request) {
    return fakes::run(loop, client.fetch(std::move(request), stop));
  }
  Result<HttpResponse> get(std::string url) {
    HttpRequest request;
    request.url = std::move(url);
    return fetch(std::move(request));
  }
  Result<HttpHead> stream(HttpRequest request, BodySink& sink) {
    return fakes::run(loop, client.stream(std::move(request), sink, stop));
  }
  /// Runs the loop until `condition` holds; false when it takes longer than any test may.
  bool until(std::function<bool()> condition) { return fakes::run(loop, poll(std::move(condition))); }

  SystemClock clock;
  Loop loop{clock};
  Stop stop;
  CurlClient client;

 private:
  Task<bool> poll(std::function<bool()> condition) {
    Stop never;
    for (const Instant end = clock.now() + fakes::kMaxTestWait * 3 / 4; clock.now() < end;) {
      if (condition()) co_return true;
      co_await loop.sleep_for(Milliseconds(1), never);
    }
    co_return false;
  }
};

}  // namespace troupe::net
