#pragma once

#include "agents/runs/run_driver.h"
#include "runtime/async/loop.h"
#include "runtime/async/one_shot.h"
#include "runtime/async/stop.h"

#include <memory>
#include <set>
#include <string>

namespace troupe::agents {

/// A task on its way to a member, and the run that does it.
struct Flight {
  Flight(Loop& loop, Stop& team) : stop(team), work(stop), ended(loop) {}

  std::string message;                   ///< its id
  std::string address;                   ///< the member, "writer#2"
  std::string task;                      ///< of Ask
  std::shared_ptr<Flight> by;            ///< whose tool asks; null: the team
  int depth = 1;                         ///< of asks in asks
  Stop stop;                             ///< of the team's: also requested when who asks goes away
  Stop work;                             ///< of its run: also requested when that is cancelled alone
  bool begun = false;                    ///< its receiver took it
  bool gone = false;                     ///< nobody waits for it any more: it is not to begin
  OneShot<bool> ended;                   ///< after it had begun: nothing of it is at work
  std::string run;                       ///< once there is one
  std::unique_ptr<RunDriver> driver;     ///< while it is at work
  std::multiset<std::string> waits_for;  ///< addresses that its tools have asked
};

}  // namespace troupe::agents
