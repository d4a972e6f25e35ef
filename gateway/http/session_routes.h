#pragma once

#include "agents/runs/run_desk.h"
#include "agents/sessions/session_archive.h"
#include "gateway/http/router.h"
#include "gateway/offer.h"
#include "runtime/base/limits.h"

#include <cstddef>

namespace troupe::gateway {

/// /v1/sessions: conversations are listed, read, taken in and deleted, each only by its tenant.
class SessionRoutes {
 public:
  /// All outlive it.
  SessionRoutes(agents::RunDesk& desk, agents::SessionArchive& archive, CurrentOffer offer)
      : desk_(desk), archive_(archive), offer_(std::move(offer)) {}
  /// The routes call this object.
  void add_to(Router& router);

  static constexpr std::size_t kPage = 50;                         // sessions, where `limit` is not said
  static constexpr std::size_t kPageMax = 500;                     // sessions
  static constexpr std::size_t kImportBytes = limits::kJsonBytes;  // body of POST

 private:
  Task<net::ServerReply> list(HttpCall call);
  Task<net::ServerReply> show(HttpCall call);
  Task<net::ServerReply> take(HttpCall call);
  Task<net::ServerReply> remove(HttpCall call);

  agents::RunDesk& desk_;
  agents::SessionArchive& archive_;
  CurrentOffer offer_;
};

}  // namespace troupe::gateway
