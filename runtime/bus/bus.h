#pragma once

#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/base/result.h"
#include "runtime/bus/message.h"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace troupe::bus {

/// What happens to a message for a mailbox that has no room.
enum class WhenFull {
  refuse,       ///< it is a dead letter, and who sends it is told
  wait,         ///< who sends it waits until there is room
  drop_oldest,  ///< the one that has waited longest is a dead letter instead; never one of kind control
};

struct MailboxSettings {
  std::size_t capacity = 64;  ///< messages that wait; those of kind control and replies do not count
  WhenFull when_full = WhenFull::refuse;
  /// Notes lie beside what is received, as many more as `capacity` says, until they are done with: who works
  /// on one message after another reads them when it comes to that, and they never keep work out.
  bool notes_apart = false;
};

/// Which topics an address is interested in.
struct Subscription {
  std::string type;     ///< of a topic; with `prefix`: what it begins with
  bool prefix = false;  ///< "" with prefix: all there are
};

/// What came of sending.
struct Sent {
  bool duplicate = false;  ///< a message of that id was sent before: nothing was done
  std::vector<std::string>
      receivers;  ///< addresses it is on its way to; none for a topic nobody subscribes to
};

/// The messages of one address, in the order in which each sender sent them; those of kind control come
/// first. At least once: what was taken and not done with is delivered again after a crash, so who takes a
/// message recognises it by its id. Loop thread only; closes when it is destroyed, and what is left in it
/// waits for its address to be opened again, at the longest until its room ends. The bus outlives it.
class Inbox {
 public:
  virtual ~Inbox() = default;
  /// The next message; waits for it. Messages whose deadline has passed are not among them: they are dead
  /// letters. Errors: cancelled (the stop; the room was left).
  virtual Task<Result<Message>> receive(Stop& stop) = 0;
  /// Under `notes_apart`: the notes that lie there, in order. They stay until done(). None of them is lost
  /// sight of: what nobody was done with comes again after a crash, and is a dead letter where its room ends.
  virtual std::vector<Message> notes() = 0;
  /// It is not delivered again. A task that was replied to is done with.
  virtual void done(const std::string& id) = 0;
  virtual std::size_t waiting() const = 0;
};

/// How agents talk. Every message is a journaled event of its session before anybody receives it, so it
/// survives a crash, and clients, traces and replay see it. Order is kept per sender and receiver. A second
/// implementation over NATS JetStream follows: callers never assume that the receiver, or who replies, is in
/// this process. Loop thread only.
class Bus {
 public:
  virtual ~Bus() = default;

  /// Takes up a room: what an earlier process sent in it and nobody was done with waits to be delivered
  /// again. Before anything is sent or opened there. `is_new`: no earlier process was there, so that nothing
  /// need be read. Errors: store, conflict (it was entered already), invalid (what is in the journal cannot
  /// be read).
  virtual Task<Result<>> enter(Room room, bool is_new = false) = 0;
  /// Nobody is there any more: inboxes of the room are closed, requests and senders that wait are told. What
  /// waits is a dead letter when `ended`: otherwise (a shutdown) the next process delivers it.
  virtual Task<> leave(const Room& room, bool ended) = 0;

  /// Opens the mailbox of an address. Errors: conflict (it is open), not_found (nobody entered the room),
  /// invalid (an address that is none), busy (limits::kBusInboxes).
  virtual Result<std::unique_ptr<Inbox>> open(const Room& room, std::string address,
                                              MailboxSettings settings) = 0;
  /// From now on, until its mailbox closes, the address receives what others send to such topics, each
  /// message once. What it sends itself it does not get, or two who answer what they read would never end (as
  /// in AutoGen). Errors: not_found (its mailbox is not open), too_large, busy (limits::kBusSubscriptions).
  virtual Result<> subscribe(const Room& room, const std::string& address, Subscription subscription) = 0;

  /// Returns once the message is committed and on its way. The same id again: see Sent. A reply is not put
  /// into a mailbox, but given to who waits in request(); a second one to the same task is a duplicate.
  /// Errors: busy (the mailbox is full; limits::kBusMessages, kBusHeldBytes), not_found (no such mailbox;
  /// nobody entered the room; a reply to what nobody sent), invalid, too_large (limits of
  /// runtime/bus/limits.h), timeout (the deadline has passed), cancelled (while it waited for room), store.
  /// One that was refused as busy, not_found or timeout is a dead letter, unless it is a reply.
  virtual Task<Result<Sent>> send(Message message, Stop& stop) = 0;

  /// Sends a task and returns the reply to it. A task of this id that was replied to before, also in an
  /// earlier process, is answered with that same reply; one that was sent and not replied to is waited for.
  /// Errors: those of send(), also later, when the task became a dead letter (timeout, busy, not_found);
  /// timeout (no reply by the deadline of the message), cancelled.
  virtual Task<Result<Message>> request(Message message, Stop& stop) = 0;

  /// The newest first; tenant "": of all.
  virtual Task<Result<std::vector<DeadLetter>>> dead_letters(std::string tenant, std::size_t limit) = 0;
  /// By the id of its message. Errors: not_found.
  virtual Task<Result<DeadLetter>> dead_letter(std::string tenant, std::string id) = 0;
  /// Somebody sent it again. Errors: not_found.
  virtual Task<Result<>> mark_resent(std::string tenant, std::string id) = 0;
};

}  // namespace troupe::bus
