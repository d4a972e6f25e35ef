#pragma once

#include "agents/replay/answers.h"
#include "agents/replay/run_names.h"
#include "runtime/async/loop.h"
#include "runtime/async/one_shot.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"

#include <functional>
#include <list>
#include <optional>
#include <string>

namespace troupe::agents {

/// What the engine of a replay asks of the outside, where it waits until its turn comes: answers arrive one
/// at a time, in the order in which they came when the run was recorded. Loop thread only.
class Cues {
 public:
  /// All outlive it.
  Cues(Loop& loop, Answers& answers, const RunNames& names) : loop_(loop), answers_(answers), names_(names) {}

  struct Question {
    Answer::Kind kind;  ///< step also stands for a model whose caller is not known
    std::string run;    ///< of the replay
    int step = 0;
    std::string name;
    Json asked;
  };
  /// What the record has about a question: by run, step and place, and by what is asked where several are
  /// asked at once. Each is found once. nullptr: nobody asked it then.
  const Answer* find(const Question& question);
  /// Waits for its turn. False: `stop` came first, as it does where nothing came when the run was recorded.
  Task<bool> wait(const Answer* answer, Stop& stop);

  /// Told of each answer that comes, before who waits for it goes on. Null: nobody.
  std::function<Task<>()> on_arrival;

  /// A shared budget was spent by what is given out at this moment.
  std::optional<LimitReached> spent;

  /// When what comes first of all that is waited for came; Answer::kNever: the record has nothing more.
  std::int64_t next_at() const;
  /// Lets that come, with replies that were committed right behind it. Whoever waits goes on at a later turn
  /// of the loop.
  void deliver();

  /// Somebody waits for what the record says this of.
  bool waits_for(Answer::End end) const;
  /// Somebody asks what nobody asked when the run was recorded.
  bool asks_anew() const;

 private:
  struct Waiting {
    const Answer* answer;
    OneShot<bool>* wake;
  };

  Answer* search(const Question& question) const;
  const Waiting* next() const;

  Loop& loop_;
  Answers& answers_;
  const RunNames& names_;
  std::list<Waiting> waiting_;
};

}  // namespace troupe::agents
