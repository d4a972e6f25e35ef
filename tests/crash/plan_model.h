#pragma once

#include "tests/crash/plan.h"
#include "tests/fakes/http_peer.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace troupe::crash {

/// The models of plans, as a server. What it answers follows from the request alone, so that one that is made
/// again after a crash gets the same reply. Every request is held against what must never be in one. All
/// functions may be called from any thread.
class PlanModel {
 public:
  PlanModel();
  ~PlanModel();

  std::string url() const;
  void add(Plan plan);
  /// What was wrong with requests: a call without its result, a plan that nobody added, too many steps.
  std::vector<std::string> problems() const;
  /// Plans whose replies never come to their end; null: none.
  void stall(std::function<bool(const std::string& plan)> which);
  /// How many replies did not.
  std::size_t stalled() const;
  /// How many connections are open.
  std::size_t open() const { return peer_->open(); }

 private:
  struct Plans;
  std::shared_ptr<Plans> plans_;
  std::unique_ptr<fakes::HttpPeer> peer_;
};

}  // namespace troupe::crash
