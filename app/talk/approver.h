#pragma once

#include "app/talk/peer.h"
#include "runtime/async/line_reader.h"
#include "runtime/async/loop.h"
#include "runtime/async/nursery.h"
#include "runtime/async/stop.h"

#include <deque>
#include <iosfwd>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace troupe::app {

/// Asks the person at the terminal about calls that need an approval, one after the other: yes, no, or with
/// another input; a question is asked as one. What somebody else decides meanwhile is not asked any more.
/// Loop thread only.
class Approver {
 public:
  /// `lines`: where answers are typed; nullptr: there is no terminal. `nobody` is requested when the person
  /// has gone (the input ended) with a question open. All outlive the approver.
  Approver(Loop& loop, Peer& peer, LineReader* lines, Stop& nobody);
  /// leave() must have returned.
  ~Approver();

  /// A call that waits. False: there is nobody to ask.
  bool ask(Approval approval);
  /// Somebody decided about it, or its run has ended.
  void decided(const std::string& run, const std::string& call);
  void ended(const std::string& run);
  /// Stops asking and returns when no question is on the screen any more.
  Task<> leave();

 private:
  struct Question {
    Approval approval;
    bool open = true;
  };

  Task<> work();
  Task<> settle(std::shared_ptr<Question> question);
  Task<std::optional<Answer>> person_says(const Approval& approval);
  Task<std::optional<Answer>> person_answers(const Approval& approval);
  Task<std::optional<std::string>> prompt(std::string text);
  void close(Question& question, const char* why);

  Peer& peer_;
  LineReader* lines_;
  Stop& nobody_;
  Nursery nursery_;
  std::deque<std::shared_ptr<Question>> questions_;  // the front one is on the screen
  std::set<std::pair<std::string, std::string>> asked_;
  std::unique_ptr<Stop> stop_;  // of the question on the screen
  bool at_work_ = false;
  bool leaving_ = false;
};

/// The terminal of this process for answers: standard input where that is one, else the controlling terminal
/// where messages are shown on one. nullptr when nobody could see a question or answer it. Lives as long as
/// the process.
std::istream* terminal_input();

}  // namespace troupe::app
