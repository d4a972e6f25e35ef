#pragma once

#include "runtime/base/result.h"
#include "runtime/store/sqlite.h"

namespace troupe::store {

/// A read transaction for as long as it lives: what is read in it is of one moment. `database` outlives it
/// and has none open. Errors of begun(): store.
class Moment {
 public:
  explicit Moment(Database& database) : database_(database), begun_(database.execute("BEGIN")) {}
  ~Moment() { database_.rollback(); }
  Moment(const Moment&) = delete;
  Moment& operator=(const Moment&) = delete;
  const Result<>& begun() const { return begun_; }

 private:
  Database& database_;
  Result<> begun_;
};

}  // namespace troupe::store
