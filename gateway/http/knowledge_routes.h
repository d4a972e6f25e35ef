#pragma once

#include "gateway/http/router.h"
#include "gateway/offer.h"
#include "memory/knowledge/store/knowledge_store.h"
#include "runtime/async/loop.h"

#include <chrono>
#include <cstddef>

namespace troupe::gateway {

/// /v1/knowledge: the bases, and searching one. What a tenant finds is what everybody finds and what is its
/// own.
class KnowledgeRoutes {
 public:
  /// All outlive it; `store` is where the offered bases are kept.
  KnowledgeRoutes(Loop& loop, memory::KnowledgeStore& store, CurrentOffer offer)
      : loop_(loop), store_(store), offer_(std::move(offer)) {}
  /// The routes call this object.
  void add_to(Router& router);

  static constexpr std::size_t kSearches = 64;  // at once
  static constexpr std::chrono::seconds kSearchTime{60};

 private:
  Task<net::ServerReply> list(HttpCall call);
  Task<net::ServerReply> search(HttpCall call);

  Loop& loop_;
  memory::KnowledgeStore& store_;
  CurrentOffer offer_;
  std::size_t searching_ = 0;
};

}  // namespace troupe::gateway
