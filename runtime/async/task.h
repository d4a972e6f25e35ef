#pragma once

#include <boost/asio/awaitable.hpp>

namespace troupe {

/// A coroutine on the loop thread. Lazy: it starts when awaited. Arguments go by value (data) or by
/// reference to something that outlives it (services); never a view of a temporary.
template <class T = void>
using Task = boost::asio::awaitable<T>;

}  // namespace troupe
