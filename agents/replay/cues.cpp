#include "agents/replay/cues.h"

#include <algorithm>
#include <utility>

namespace troupe::agents {

namespace {

bool arrives(const Answer* answer) {
  return answer && (answer->end == Answer::End::came || answer->end == Answer::End::failed);
}

bool asks_a_model(Answer::Kind kind) {
  return kind == Answer::Kind::step || kind == Answer::Kind::judge || kind == Answer::Kind::chain;
}

}  // namespace

const Answer* Cues::find(const Question& question) {
  Answer* answer = search(question);
  if (answer) answer->given = true;
  return answer;
}

Task<bool> Cues::wait(const Answer* answer, Stop& stop) {
  if (stop.requested()) co_return false;
  OneShot<bool> wake(loop_);
  const auto at = waiting_.insert(waiting_.end(), {answer, &wake});
  const auto hook = stop.on_request([&wake] { wake.set(false); });
  const bool came = co_await wake.wait();
  waiting_.erase(at);
  co_return came;
}

// What is asked decides between questions of one step; where it was another then, the order does.
Answer* Cues::search(const Question& question) const {
  const std::string run = names_.recorded(question.run);
  Answer* by_order = nullptr;
  Answer* by_name = nullptr;
  Answer* step = nullptr;
  for (Answer& one : answers_.all) {
    if (one.given || one.run != run || one.kind == Answer::Kind::person) continue;
    const bool model = asks_a_model(question.kind) && asks_a_model(one.kind);
    if (!model && one.kind != question.kind) continue;
    if (one.step != question.step) continue;
    if (!one.asked.is_null() && one.asked == question.asked && (model || one.name == question.name))
      return &one;
    if (one.kind == Answer::Kind::step && !step) step = &one;
    if (one.kind == Answer::Kind::step) continue;
    if (!by_order) by_order = &one;
    if (!by_name && one.name == question.name) by_name = &one;
  }
  if (question.kind == Answer::Kind::step && step) return step;
  if (by_name) return by_name;
  if (step) return step;
  return by_order;
}

const Cues::Waiting* Cues::next() const {
  const Waiting* first = nullptr;
  for (const Waiting& one : waiting_)
    if (arrives(one.answer) && !one.wake->is_set() && (!first || one.answer->at < first->answer->at))
      first = &one;
  return first;
}

std::int64_t Cues::next_at() const {
  const Waiting* first = next();
  return first ? first->answer->at : Answer::kNever;
}

void Cues::deliver() {
  if (const Waiting* first = next()) first->wake->set(true);
}

bool Cues::waits_for(Answer::End end) const {
  return std::ranges::any_of(waiting_,
                             [end](const Waiting& one) { return one.answer && one.answer->end == end; });
}

bool Cues::asks_anew() const {
  return std::ranges::any_of(waiting_, [](const Waiting& one) { return !one.answer; });
}

}  // namespace troupe::agents
