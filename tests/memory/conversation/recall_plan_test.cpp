#include "memory/conversation/recall_plan.h"

#include "memory/conversation/compaction.h"
#include "memory/conversation/keep_notes.h"
#include "tests/memory/conversation/long_conversation.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <string>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;
using testing::LongConversation;

namespace {

constexpr std::size_t kTurns = 2'000;
constexpr std::size_t kFewTurns = 500;  // at the least limit, where each of them is a tight fit

MemorySettings settings_of(std::string type, std::int64_t max_tokens) {
  MemorySettings settings;
  settings.type = std::move(type);
  settings.max_tokens = max_tokens;
  return settings;
}

// What holds of whatever is recalled.
void check_recalled(const Recollection& made, const Remembered& remembered, std::int64_t limit,
                    const Ruler& ruler) {
  REQUIRE(made.size <= limit);
  REQUIRE(made.size == size_of(made.messages, ruler));
  REQUIRE(!made.selection.turns.empty());
  REQUIRE(made.selection.turns.back().run == remembered.turns.back().run);
  // The newest one's answer is there, or the word that there is none; nobody's words come twice in a row but
  // a user's who was not answered.
  const bool answered = remembered.turns.back().answer.has_value();
  REQUIRE((made.messages.back().role == models::Role::assistant) == answered);
  for (std::size_t i = 0; i < made.messages.size(); ++i)
    if (made.messages[i].role == models::Role::assistant)
      REQUIRE((i > 0 && made.messages[i - 1].role == models::Role::user));
}

// A summary as a bad model writes it: as long as it may be, and what it is of is written down beside.
struct Summaries {
  std::vector<std::string> of;  // runs, in order
  std::size_t calls = 0;
};

Notes summarize_in_test(const Remembered& remembered, const Compaction& plan, const Ruler& ruler,
                        Summaries& made) {
  ++made.calls;
  for (std::size_t i = 0; i < plan.turns; ++i) made.of.push_back(remembered.turns[i].run);
  std::string text(static_cast<std::size_t>(plan.notes) * 4, '.');
  while (ruler({.content = text}) > plan.notes) text.resize(text.size() - 4);
  return compacted(remembered, plan.turns, text);
}

}  // namespace

TEST_CASE("two thousand turns: what is recalled keeps within max_tokens at every turn") {
  const Ruler ruler = estimated_tokens();
  for (const std::string type : {"token_buffer", "summary", "summary_buffer"}) {
    for (std::int64_t limit : {kMemoryTokensMin, std::int64_t{2'000}}) {
      CAPTURE(type);
      CAPTURE(limit);
      const MemorySettings settings = settings_of(type, limit);
      const std::size_t turns = limit == kMemoryTokensMin ? kFewTurns : kTurns;
      LongConversation conversation;
      std::vector<store::RunRow> rows;
      Summaries summaries;
      for (std::size_t i = 0; i < turns; ++i) {
        rows.push_back(conversation.next());
        // What came before the notes is not needed: the fold is given what the journal's last page has.
        if (rows.size() > 60) rows.erase(rows.begin(), rows.begin() + 30);
        const Remembered remembered = remember(rows, summarises(settings));
        check_recalled(recall_last(remembered, bounds_of(settings), ruler), remembered, limit, ruler);
        const auto plan = plan_compaction(settings, remembered, ruler);
        if (!plan) continue;
        const Notes notes = summarize_in_test(remembered, *plan, ruler, summaries);
        rows.back().extra = with_notes(rows.back().extra, notes);
        const Remembered after = remember(rows, true);
        REQUIRE(after.turns.size() == plan->kept);
        check_recalled(recall_last(after, bounds_of(settings), ruler), after, limit, ruler);
      }
      if (type == "token_buffer") {
        CHECK(summaries.calls == 0);
        continue;
      }
      // Each turn went into one summary, once, in order; those that did not are the newest.
      CHECK(summaries.of.size() <= turns - 1);
      CHECK(summaries.of.size() >= turns - 60);
      for (std::size_t i = 0; i < summaries.of.size(); ++i)
        REQUIRE(summaries.of[i] == "r" + std::to_string(i + 1));
      CHECK(notes_in(*std::ranges::find_if(rows.rbegin(), rows.rend(), [](const store::RunRow& row) {
              return notes_in(row).has_value();
            }))->turns == static_cast<std::int64_t>(summaries.of.size()));
      if (type == "summary_buffer" && limit == 2'000) CHECK(summaries.calls < turns / 2);
    }
  }
}

TEST_CASE("two thousand turns and no summary ever: the limit holds, and the newest turns are there") {
  const Ruler ruler = estimated_tokens();
  const MemorySettings settings = settings_of("summary_buffer", 1'500);
  LongConversation conversation(7);
  std::vector<store::RunRow> rows;
  for (std::size_t i = 0; i < kTurns; ++i) {
    rows.push_back(conversation.next());
    if (rows.size() > kRecallTurns) rows.erase(rows.begin());
    if (i % 25 != 0) continue;
    const Remembered remembered = remember(rows, true);
    const Recollection made = recall_last(remembered, bounds_of(settings), ruler);
    check_recalled(made, remembered, 1'500, ruler);
    CHECK(made.older + made.selection.turns.size() == remembered.turns.size());
    CHECK(made.messages.front().content.contains(" before the next message left out]") == (made.older > 0));
  }
}

TEST_CASE("a backlog goes into summaries in parts that a model can read") {
  const Ruler ruler = estimated_tokens();
  const MemorySettings settings = settings_of("summary", 2'000);
  auto rows = LongConversation(3).turns(300);
  int rounds = 0;
  for (;; ++rounds) {
    const Remembered remembered = remember(rows, true);
    const auto plan = plan_compaction(settings, remembered, ruler);
    if (!plan) break;
    std::int64_t read = 0;
    for (std::size_t i = 0; i < plan->turns; ++i)
      read += size_of(messages_of(remembered.turns[i], plan->cuts[i]), ruler);
    CHECK(read <= kSummarizedTokens);
    rows.back().extra = with_notes(rows.back().extra, compacted(remembered, plan->turns, "Notes."));
  }
  CHECK(rounds > 3);
  CHECK(remember(rows, true).turns.size() == 1);
}

TEST_CASE("what a run wrote down brings the same back, whatever was summarised or counted otherwise since") {
  const Ruler ruler = estimated_tokens();
  const Ruler other = [](const models::Message& message) {
    return static_cast<std::int64_t>(message.content.size());
  };
  const MemorySettings settings = settings_of("summary_buffer", 900);
  LongConversation conversation(11);
  std::vector<store::RunRow> rows;
  std::vector<Turn> turns;  // of all rows: folding them anew for each row is quadratic
  Summaries summaries;
  int shortened_ones = 0;
  for (int i = 0; i < 400; ++i) {
    rows.push_back(conversation.next());
    turns.push_back(*turn_of(rows.back()));
    const Remembered remembered = remember(rows, true);
    const Recollection first = recall_last(remembered, bounds_of(settings), ruler);
    shortened_ones += first.cut > 0;
    const std::string written = dump(to_json(first.selection, remembered.turns));
    if (const auto plan = plan_compaction(settings, remembered, ruler)) {
      const Notes notes = summarize_in_test(remembered, *plan, ruler, summaries);
      rows.back().extra = with_notes(rows.back().extra, notes);
    }

    auto selection = selection_from(*parse_json(written), turns);
    REQUIRE(selection);
    REQUIRE(*selection == first.selection);
    // A summary made in the meantime stands in another row than the one that was recalled, or in the same
    // run's that could not have recalled it.
    const auto keeper = std::ranges::find(rows, selection->notes_of, &store::RunRow::id);
    const auto notes = keeper == rows.end() ? std::nullopt : notes_in(*keeper);
    auto again =
        i % 20 == 0 ? recollect(*selection, rows, other) : recollect(*selection, turns, notes, other);
    REQUIRE(again);
    REQUIRE(again->messages.size() == first.messages.size());
    for (std::size_t m = 0; m < again->messages.size(); ++m) {
      REQUIRE(again->messages[m].content == first.messages[m].content);
      REQUIRE(again->messages[m].role == first.messages[m].role);
    }
    REQUIRE(written.size() < 2'000);
  }
  CHECK(shortened_ones > 10);
  CHECK(summaries.calls > 20);
}

TEST_CASE("a record whose turns are gone is an error that names the run") {
  const auto rows = LongConversation().turns(3);
  const Remembered remembered = remember(rows, false);
  const Recollection made = recall_last(remembered, {}, bytes());
  const std::vector<store::RunRow> fewer(rows.begin() + 1, rows.end());

  const auto lost = recollect(made.selection, fewer, bytes());
  REQUIRE_FALSE(lost);
  CHECK(lost.error().code == ErrorCode::store);
  CHECK(lost.error().message.contains("run r1"));

  const auto turns = remember(fewer, false).turns;
  CHECK_FALSE(selection_from(to_json(made.selection, remembered.turns), turns));
  CHECK_FALSE(selection_from(Json::array(), turns));
  CHECK_FALSE(selection_from(Json{{"turns", {Json::object()}}}, turns));
}

TEST_CASE("a giant turn leaves room for those before it") {
  std::vector<store::RunRow> rows = LongConversation().turns(2);
  rows[0].input = "My name is Mina.", rows[0].answer = "Hello, Mina.", rows[0].status = "done";
  rows[1].input = "Read this.", rows[1].answer = std::string(100'000, 'x'), rows[1].status = "done";
  const Recollection made =
      recall_last(remember(rows, false), bounds_of(settings_of("token_buffer", 400)), estimated_tokens());

  REQUIRE(made.messages.size() == 4);
  CHECK(made.messages[0].content == "My name is Mina.");
  CHECK(made.messages[3].content.contains("characters left out"));
  CHECK(made.cut == 1);
}

TEST_CASE("a window and a buffer keep their turns whole up to the bytes that any memory may recall") {
  MemorySettings window = settings_of("window", 0);
  window.turns = 3;
  const auto rows = LongConversation().turns(50);
  const Recollection made = recall_last(remember(rows, false), bounds_of(window), bytes());
  CHECK(made.selection.turns.size() <= 3);

  std::vector<store::RunRow> large = LongConversation().turns(1);
  large[0].input = std::string(300u << 10, 'x'), large[0].answer = "Long.", large[0].status = "done";
  const Recollection one = recall_last(remember(large, false), bounds_of(settings_of("buffer", 0)), bytes());
  CHECK(one.size <= static_cast<std::int64_t>(kRecallBytes));
  CHECK(one.messages.back().content == "Long.");
}

TEST_CASE("turns that were looked for come in their order, with the last ones") {
  std::vector<store::RunRow> rows;
  for (int i = 1; i <= 9; ++i) {
    store::RunRow row;
    row.id = "r" + std::to_string(i);
    row.input = "q" + std::to_string(i);
    row.answer = "a";
    row.status = "done";
    rows.push_back(row);
  }
  const std::vector<std::size_t> places = {4, 0, 4, 99};
  const Recollection made = recall_places(remember(rows, false), places, 2, {}, bytes());

  REQUIRE(made.selection.turns.size() == 4);
  CHECK(made.selection.turns[0].run == "r1");
  CHECK(made.selection.turns[1].run == "r5");
  CHECK(made.selection.turns[2].run == "r8");
  CHECK(made.older == 5);
}

TEST_CASE("notes that a lower limit has no room for are cut after a sentence") {
  auto rows = LongConversation(5).turns(3);
  std::string text;
  for (int i = 0; i < 500; ++i) text += "The ship leaves at 9:40. ";
  rows[1].extra = with_notes("", {.text = text, .upto = "r2", .turns = 2});
  const MemorySettings settings = settings_of("summary_buffer", 400);
  const Remembered remembered = remember(rows, true);

  const Recollection made = recall_last(remembered, bounds_of(settings), estimated_tokens());

  check_recalled(made, remembered, 400, estimated_tokens());
  CHECK(made.messages[0].content.contains("9:40. […]\n</notes>"));
}

TEST_CASE("notes cannot be ended by what is in them, and a row without readable ones has none") {
  const models::Message shown = notes_message("He wrote </notes> and went on.", 0);
  CHECK(shown.content.find("</notes>") == shown.content.size() - 8);

  store::RunRow row;
  CHECK_FALSE(notes_in(row));
  for (const char* extra : {"not json \"memory\"", R"({"memory":3})",
                            R"({"memory":{"summary":"","upto":"r1"}})", R"({"memory":{"summary":"s"}})"}) {
    row.extra = extra;
    CHECK_FALSE(notes_in(row));
  }
  row.id = "r9";
  row.extra = with_notes(R"({"inputs":{"a":1}})", {.text = "S.", .upto = "r7", .turns = 4});
  CHECK(row.extra.starts_with(R"({"inputs":{"a":1},)"));
  CHECK(notes_in(row) == Notes{.text = "S.", .upto = "r7", .turns = 4, .kept_by = "r9"});
  row.extra = with_notes("", {.text = "Of no turn."});
  CHECK(notes_in(row) == Notes{.text = "Of no turn.", .kept_by = "r9"});
}

TEST_CASE("what was chosen keeps within its limit with and without notes, the best of it always there") {
  const Ruler ruler = estimated_tokens();
  std::vector<store::RunRow> rows = LongConversation().turns(200);
  rows[99].extra = with_notes("", {.text = std::string(3'000, 'n'), .upto = rows[79].id, .turns = 80});
  const Remembered remembered = remember(rows, true);
  std::mt19937 random;  // of a fixed seed
  std::vector<std::size_t> places(remembered.turns.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  for (std::int64_t limit : {kMemoryTokensMin, std::int64_t{700}, std::int64_t{50'000}})
    for (int i = 0; i < 50; ++i) {
      std::ranges::shuffle(places, random);
      const auto chosen = std::span(places).first(1 + random() % places.size());
      const bool shown = random() % 2 == 0;
      const Recollection made =
          recall_chosen(remembered, chosen, shown, bounds_of(settings_of("plugin/p", limit)), ruler);
      REQUIRE(made.size <= limit);
      REQUIRE(made.size == size_of(made.messages, ruler));
      REQUIRE(made.selection.notes_of.empty() != shown);
      const auto has = [&](std::size_t at) {
        return std::ranges::find(made.selection.turns, remembered.turns[at].run, &Selection::Part::run) !=
               made.selection.turns.end();
      };
      REQUIRE(has(chosen.front()));
      if (limit == 50'000) REQUIRE(std::ranges::all_of(chosen, has));
      REQUIRE(made.older ==
              remembered.turns.size() - made.selection.turns.size() + (shown ? std::size_t{0} : 80));
    }
}
