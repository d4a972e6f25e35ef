#include "agents/teams/word_shapes.h"

#include "agents/teams/names.h"
#include "agents/teams/part_shape.h"

#include <fmt/format.h>

namespace troupe::agents {

namespace {

using config::Record;

constexpr int kLastMax = 1'000;

// A word, or a map with one number: `all`, or `{ quorum: 2 }`.
template <class T, class E>
class WordOrNumber final : public config::Shape<T> {
 public:
  WordOrNumber(config::ShapePtr<E> words, E T::* word, Record<T> numbered, E number_is)
      : words_(std::move(words)), word_(word), numbered_(std::move(numbered)), number_is_(number_is) {}

  void read(const config::Node& node, T& value, config::Reader& reader) const override {
    if (node.kind != config::Node::Kind::map) return words_->read(node, value.*word_, reader);
    value.*word_ = number_is_;
    numbered_.read(node, value, reader);
  }
  Json show(const T& value) const override {
    return value.*word_ == number_is_ ? numbered_.show(value) : words_->show(value.*word_);
  }
  Json schema() const override { return {{"anyOf", Json::array({words_->schema(), numbered_.schema()})}}; }

 private:
  config::ShapePtr<E> words_;
  E T::* word_;
  Record<T> numbered_;
  E number_is_;
};

config::ShapePtr<JoinSettings> join_shape() {
  using Until = JoinSettings::Until;
  Record<JoinSettings> quorum("So many results are enough");
  quorum
      .field("quorum", &JoinSettings::quorum, config::integer<int>(1, static_cast<int>(limits::kTeamTasks)),
             "how many")
      .required();
  return std::make_shared<WordOrNumber<JoinSettings, Until>>(
      config::one_of<Until>({{{"all", "everybody's result is waited for"},
                              {"any", "the first result is enough; the others are stopped"}},
                             {}},
                            {Until::all, Until::any}),
      &JoinSettings::until, std::move(quorum), Until::quorum);
}

}  // namespace

void add_join_keys(Record<TeamSettings>& record) {
  using Reduce = JoinSettings::Reduce;
  record.field("join", &TeamSettings::join, join_shape(),
               "whose results are waited for: `all`, `any`, or `{ quorum: 2 }`");
  record.field(
      "reduce", &TeamSettings::join,
      part_of(&JoinSettings::reduce,
              config::one_of<Reduce>({{{"concat", "all of them, under the names of who gave them"},
                                       {"first", "the one that was there first"},
                                       {"vote", "the one that most gave, compared without case and blanks"}},
                                      {}},
                                     {Reduce::concat, Reduce::first, Reduce::vote}),
              [](const JoinSettings& join) { return join.reducer.empty(); }),
      "how the results become one");
  record.field("reducer", &TeamSettings::join, part_of(&JoinSettings::reducer, target_name()),
               "a member that makes one of the results, instead of `reduce`");
  record.check([](const TeamSettings& team, config::Check& check) {
    if (check.given("reduce") && !team.join.reducer.empty())
      check.error("reduce",
                  "stands beside `reducer`, which makes one of the results already; write one of them");
  });
}

config::ShapePtr<HistorySettings> history_shape() {
  using Kind = HistorySettings::Kind;
  Record<HistorySettings> last("Only the last messages");
  last.field("last", &HistorySettings::messages, config::integer<int>(1, kLastMax),
             "how many, counted from the end")
      .required();
  return std::make_shared<WordOrNumber<HistorySettings, Kind>>(
      config::one_of<Kind>({{{"all", "the whole conversation"}, {"none", "only the last message"}}, {}},
                           {Kind::all, Kind::none}),
      &HistorySettings::kind, std::move(last), Kind::last);
}

}  // namespace troupe::agents
