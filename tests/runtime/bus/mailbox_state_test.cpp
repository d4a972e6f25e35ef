#include "runtime/bus/mailbox_state.h"

#include "tests/runtime/bus/bus_bench.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::bus;

namespace {

MessagePtr message(std::string id, std::string from = "a", Kind kind = Kind::note,
                   std::int64_t deadline_ms = 0) {
  Message made = note(std::move(id), std::move(from), "b");
  made.kind = kind;
  made.deadline_ms = deadline_ms;
  return std::make_shared<const Message>(std::move(made));
}

std::string all(MailboxState& mailbox) {
  std::string ids;
  while (MessagePtr next = mailbox.take()) ids += next->id;
  return ids;
}

}  // namespace

TEST_CASE("messages come in the order of their places, those of kind control first") {
  MailboxState mailbox({.capacity = 10});
  for (auto [id, kind] : {std::pair("1", Kind::note), std::pair("2", Kind::task),
                          std::pair("3", Kind::control), std::pair("4", Kind::control)})
    CHECK(mailbox.ready(mailbox.take_place(message(id, "a", kind))));

  CHECK(mailbox.waiting() == 4);
  CHECK(all(mailbox) == "3412");
  CHECK(mailbox.waiting() == 0);
}

TEST_CASE("a message waits for an earlier one of its sender, and not for one of another") {
  MailboxState mailbox({.capacity = 10});
  const auto first = mailbox.take_place(message("1", "a"));
  CHECK(mailbox.ready(mailbox.take_place(message("2", "a"))));
  CHECK(mailbox.ready(mailbox.take_place(message("3", "b"))));

  CHECK(all(mailbox) == "3");
  SUBCASE("which comes") {
    CHECK(mailbox.ready(first));
    CHECK(all(mailbox) == "12");
  }
  SUBCASE("which does not come") {
    mailbox.give_back(first);
    CHECK_FALSE(mailbox.ready(first));
    CHECK(all(mailbox) == "2");
  }
}

TEST_CASE("a place that is taken counts before it is ready; those of kind control do not count") {
  MailboxState mailbox({.capacity = 2});
  const auto first = mailbox.take_place(message("1"));
  mailbox.take_place(message("2"));
  mailbox.take_place(message("3", "a", Kind::control));

  CHECK_FALSE(mailbox.has_room(Kind::note));
  CHECK_FALSE(mailbox.has_room(Kind::task));
  CHECK(mailbox.has_room(Kind::control));
  mailbox.give_back(first);
  CHECK(mailbox.has_room(Kind::note));
  mailbox.give_back(first);
  CHECK(mailbox.waiting() == 0);
}

TEST_CASE("where the oldest makes way, it does once a newer one is ready; never one of kind control") {
  MailboxState mailbox({.capacity = 2, .when_full = WhenFull::drop_oldest});
  CHECK(mailbox.ready(mailbox.take_place(message("c", "a", Kind::control))));
  CHECK(mailbox.ready(mailbox.take_place(message("1"))));
  CHECK(mailbox.ready(mailbox.take_place(message("2"))));
  REQUIRE(mailbox.has_room(Kind::note));
  const auto third = mailbox.take_place(message("3"));

  CHECK(mailbox.drop_overflow() == nullptr);
  CHECK(mailbox.ready(third));
  CHECK(mailbox.drop_overflow()->id == "1");
  CHECK(mailbox.drop_overflow() == nullptr);
  CHECK(all(mailbox) == "c23");
}

TEST_CASE("what is too late is taken out, in order") {
  MailboxState mailbox({.capacity = 10});
  for (auto [id, deadline] :
       {std::pair("1", 50), std::pair("2", 0), std::pair("3", 100), std::pair("4", 101)})
    mailbox.ready(mailbox.take_place(message(id, "a", Kind::note, deadline)));
  mailbox.ready(mailbox.take_place(message("5", "a", Kind::control, 70)));
  CHECK(mailbox.next_deadline() == 50);

  std::string late;
  for (const MessagePtr& one : mailbox.take_expired(100)) late += one->id;
  CHECK(late == "513");
  CHECK(mailbox.next_deadline() == 101);
  CHECK(all(mailbox) == "24");
  CHECK_FALSE(mailbox.next_deadline());
}

TEST_CASE("notes that lie apart are not taken, and stand in order behind none that is not ready") {
  MailboxState mailbox({.capacity = 2, .notes_apart = true});
  const auto first = mailbox.take_place(message("1", "a"));
  CHECK(mailbox.ready(mailbox.take_place(message("2", "a"))));
  CHECK_FALSE(mailbox.has_room(Kind::note));
  CHECK(mailbox.has_room(Kind::task));
  CHECK(mailbox.notes().empty());
  CHECK(mailbox.take() == nullptr);
  CHECK_FALSE(mailbox.remove_note("1"));
  CHECK(mailbox.ready(first));
  REQUIRE(mailbox.notes().size() == 2);
  CHECK(mailbox.notes().front()->id == "1");
  CHECK(mailbox.remove_note("1"));
  CHECK(mailbox.has_room(Kind::note));
  CHECK(mailbox.waiting() == 1);
}

TEST_CASE("what is left is what is ready") {
  MailboxState mailbox({.capacity = 10});
  mailbox.ready(mailbox.take_place(message("1")));
  const auto place = mailbox.take_place(message("2"));
  mailbox.ready(mailbox.take_place(message("3", "a", Kind::control)));

  auto left = mailbox.take_all();
  REQUIRE(left.size() == 2);
  CHECK(left[0]->id == "3");
  CHECK(left[1]->id == "1");
  CHECK_FALSE(mailbox.ready(place));
  CHECK(mailbox.waiting() == 0);
}
