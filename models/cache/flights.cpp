#include "models/cache/flights.h"

#include "runtime/async/one_shot.h"

namespace troupe::models {

/// One who waits.
class Flights::Seat {
 public:
  Seat(std::list<Seat*>& seats, Loop& loop)
      : landing(loop), seats_(&seats), place_(seats.insert(seats.end(), this)) {}
  ~Seat() { leave(); }
  Seat(const Seat&) = delete;
  Seat& operator=(const Seat&) = delete;

  void leave() {
    if (seats_) seats_->erase(place_);
    seats_ = nullptr;
  }
  void take(const Landing& landed) {
    seats_ = nullptr;  // the flight is over, and its list with it
    landing.set(landed);
  }

  OneShot<Landing> landing;

 private:
  std::list<Seat*>* seats_;
  std::list<Seat*>::iterator place_;
};

std::unique_ptr<Flights::Lead> Flights::lead(const std::string& key) {
  flying_.try_emplace(key);
  return std::make_unique<Lead>(*this, key);
}

void Flights::Lead::land(const Landing& landing) {
  if (std::exchange(landed_, true)) return;
  auto flight = flights_.flying_.extract(key_);
  for (Seat* seat : flight.mapped()) seat->take(landing);
}

Task<Flights::Landing> Flights::wait(std::string key, std::string who, CallContext& context) {
  Seat seat(flying_.at(key), context.loop);
  const auto give_up = [&seat, &who, &context] {
    const StopReason reason = context.stop.requested() ? context.stop.reason() : StopReason::deadline;
    seat.leave();
    seat.landing.set({Landing::Kind::stopped, nullptr, stopped("model " + who, reason)});
  };
  Stop::Hook hook = context.stop.on_request(give_up);
  Loop::Alarm alarm;
  if (!context.deadline.none()) alarm = context.loop.at(context.deadline.at(), give_up);
  co_return co_await seat.landing.wait();
}

}  // namespace troupe::models
