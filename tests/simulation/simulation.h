#pragma once

#include "agents/agent.h"
#include "agents/runs/run_desk.h"
#include "runtime/async/nursery.h"
#include "runtime/bus/local_bus.h"
#include "tests/fakes/memory_journal.h"
#include "tests/simulation/conversation.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/outside.h"
#include "tests/simulation/sim_journal.h"
#include "tests/simulation/virtual_time.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::simulation {

/// A daemon's life in virtual time: people talk to the agents and teams of a configuration, decide what waits
/// for them, cancel; models and tools are slow, fail, hang; the disk is slow or full; the process is stopped,
/// or ends between any two commits, and is started again, until every run has come to its end. The engine is
/// the real one from the desk down to the loop; what is simulated is time, chance, the disk, and the world
/// outside. All of it follows from the seed.
class Simulation {
 public:
  /// `catalog` was made on `stage`.
  Simulation(std::uint64_t seed, std::shared_ptr<const agents::Catalog> catalog, Stage stage);
  ~Simulation();

  /// What went wrong; nothing in a sound world.
  std::vector<std::string> run();

  struct Figures {
    std::size_t processes = 0;
    std::size_t runs = 0;
    std::size_t events = 0;
    std::size_t asked = 0;     ///< of models
    std::size_t calls = 0;     ///< of tools
    std::size_t repeats = 0;   ///< of at-most-once tools, because a person said so
    std::size_t doubtful = 0;  ///< of at-most-once tools, told as unknown
  };
  const Figures& figures() const { return figures_; }
  /// Everything that clients saw, a line an event.
  std::string story() const;

 private:
  struct Process;

  void start(bool unclean);
  void end_process();
  bool over();
  bool ends_now();
  std::string state() const;
  void plan_end();
  void finish(Task<> task);

  Task<> talk(Conversation& conversation);
  Task<> send(Conversation& conversation, Conversation::Message& message);
  Task<> open(Conversation& conversation);
  Task<> cancel_later(std::string run);
  Task<> decide_all();
  Task<> decide(agents::PendingApproval waiting);
  Task<> set_wall_clock();

  void check();
  void wrong(std::string what) { wrong_.push_back(std::move(what)); }

  Dice dice_;
  VirtualClock clock_;
  Loop loop_{clock_};
  VirtualTime time_{clock_, loop_};
  fakes::MemoryJournal disk_{loop_};
  std::shared_ptr<const agents::Catalog> catalog_;
  Stage stage_;
  std::optional<Outside> outside_;
  std::deque<Conversation> conversations_;
  std::unique_ptr<Process> process_;
  std::size_t ends_left_ = 0;  // how often the process is still to end
  bool ends_by_stop_ = false;
  std::size_t end_at_group_ = 0;  // of commits; 0: at a time
  Instant end_at_ = Instant::max();
  Figures figures_;
  std::vector<std::string> wrong_;
};

}  // namespace troupe::simulation
