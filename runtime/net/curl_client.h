#pragma once

#include "runtime/net/curl_poller.h"
#include "runtime/net/curl_shard.h"
#include "runtime/net/http_client.h"
#include "runtime/net/outbound_route.h"
#include "runtime/net/tls_roots.h"
#include "runtime/net/url.h"

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe::net {

/// HttpClient on libcurl (see make_curl_client). Model endpoints and what tools fetch use separate clients,
/// so that they never share a connection.
///
/// It follows redirects itself, because each hop is to be judged anew and what may hold a secret stays with
/// the host it was meant for; and it resolves names itself, because libcurl cannot bound or cancel look-ups.
class CurlClient final : public HttpClient {
 public:
  /// `lookup`: how names are resolved; tests bring their own.
  CurlClient(Loop& loop, NetworkSettings settings, Guarding guarding,
             Resolver::Lookup lookup = Resolver::system);
  ~CurlClient() override;

  Task<Result<HttpResponse>> fetch(HttpRequest request, Stop& stop) override;
  Task<Result<HttpHead>> stream(HttpRequest request, BodySink& sink, Stop& stop) override;

  /// Exchanges that have begun and not ended.
  std::size_t in_flight() const { return in_flight_; }
  std::size_t shards() const { return shards_.size(); }

 private:
  struct Exchange;
  struct Hop {
    HttpHead head;
    std::string location;  ///< of a redirect to follow, else ""
  };
  struct Lease;

  Task<Result<HttpHead>> run(Exchange& exchange);
  Task<Result<Hop>> hop(Exchange& exchange);
  Result<Hop> outcome(Exchange& exchange, CurlTransfer& transfer);
  Error ended(const Exchange& exchange, const CurlTransfer& transfer) const;
  void watch(Exchange& exchange, CurlTransfer& transfer, CurlShard& shard, Loop::Alarm& alarm);

  Result<std::shared_ptr<const Url>> parse(const std::string& text);
  CurlShard& shard_for_next();
  void kick();
  void settle();
  void sweep_later();
  void sweep();

  Loop& loop_;
  const NetworkSettings settings_;
  Routing routing_;
  TlsRoots roots_;
  CurlPoller poller_;
  CurlCommon common_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::vector<std::unique_ptr<CurlShard>> shards_;
  std::unordered_map<std::string, std::shared_ptr<const Url>> urls_;  // parsed once; bounded
  std::size_t in_flight_ = 0;
  bool kicked_ = false;
  Loop::Alarm sweep_;
  bool sweeping_ = false;
};

}  // namespace troupe::net
