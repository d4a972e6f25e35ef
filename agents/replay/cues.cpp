#include "agents/replay/cues.h"

#include <algorithm>
#include <utility>

namespace troupe::agents {

namespace {

bool arrives(const Answer* answer) {
  return answer && (answer->end == Answer::End::came || answer->end == Answer::End::failed);
}

// A reply of a chain is committed with its usage.
bool is_right_behind(const Answer& first, const Answer& second) {
  return first.kind == Answer::Kind::chain && second.kind == Answer::Kind::chain && first.run == second.run &&
         second.at - first.at == 2;
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
  if (came && on_arrival) co_await on_arrival();
  co_return came;
}

// What is asked decides, whoever of a run asks it. Where nobody asked that then, it is what was asked in this
// place: of an agent's model by the step, of others by the step and whom they ask.
Answer* Cues::search(const Question& question) const {
  const std::string run = names_.recorded(question.run);
  Answer* said = nullptr;      // the same was asked
  Answer* step = nullptr;      // by an agent
  Answer* place = nullptr;     // of the same kind, in the same step
  Answer* anywhere = nullptr;  // of the same kind and name
  for (Answer& one : answers_.all) {
    const bool model = asks_a_model(question.kind) && asks_a_model(one.kind);
    if (one.given || one.run != run || (!model && one.kind != question.kind)) continue;
    const bool here = one.step == question.step;
    if (one.kind == Answer::Kind::step) {
      if (here && !step) step = &one;
      continue;
    }
    const bool named = one.name == question.name;
    const bool same = one.asked == question.asked && (model || (named && here));
    if (same && (!said || (here && said->step != question.step))) said = &one;
    if (here && named && !place) place = &one;
    if (named && !anywhere && model) anywhere = &one;
  }
  if (said) return said;
  if (question.kind == Answer::Kind::step && step) return step;
  if (place) return place;
  return step ? step : anywhere;
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

// Replies to calls that a chain makes beside each other may be committed one right behind the other: what the
// first one leads to comes after both.
void Cues::deliver() {
  const Answer* before = nullptr;
  while (const Waiting* first = next()) {
    if (before && !is_right_behind(*before, *first->answer)) return;
    before = first->answer;
    first->wake->set(true);
  }
}

bool Cues::waits_for(Answer::End end) const {
  return std::ranges::any_of(waiting_,
                             [end](const Waiting& one) { return one.answer && one.answer->end == end; });
}

bool Cues::asks_anew() const {
  return std::ranges::any_of(waiting_, [](const Waiting& one) { return !one.answer; });
}

}  // namespace troupe::agents
