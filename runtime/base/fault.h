#pragma once

#include "runtime/base/result.h"

#include <atomic>
#include <string_view>

namespace troupe {

/// What a fault point is told to pretend. A crash and a delay happen inside fault_point() itself.
enum class Fault { none, eio, enospc };

namespace fault_detail {
extern std::atomic<bool> g_armed;
Fault hit(std::string_view name);
}  // namespace fault_detail

/// A named place where tests make things go wrong in the shipped binary. One relaxed load when nothing is
/// armed. Armed by the environment, `TROUPE_FAULT=name:nth:action[,…]`, which is read once by
/// arm_faults_from_environment(). `nth` counts from 1; `3-5` fires on the third to the fifth hit, `3+` from
/// the third on. Actions: exit137 (ends the process at once, as SIGKILL would), eio, enospc, delay:MS. Any
/// thread.
inline Fault fault_point(std::string_view name) {
  if (!fault_detail::g_armed.load(std::memory_order_relaxed)) [[likely]]
    return Fault::none;
  return fault_detail::hit(name);
}

/// Whether any is armed: for points whose names cost something to make.
inline bool faults_armed() {
  return fault_detail::g_armed.load(std::memory_order_relaxed);
}

/// Arms what `spec` says and forgets what was armed before; "" disarms. Errors: invalid, with the part at
/// fault. Any thread, but not while another thread expects the old plan.
Result<> arm_faults(std::string_view spec);

/// Reads TROUPE_FAULT. Called once, before threads are started. An unset variable is not an error.
Result<> arm_faults_from_environment();

}  // namespace troupe
