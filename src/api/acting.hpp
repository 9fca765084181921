// Tells a teller whose requests it performs.
#pragma once

#include "api/principal.hpp"
#include "engine/teller.hpp"

namespace coffer::api {

/// While it lives, the teller acts for the bearer of a token; for nobody in particular if `who` is
/// null. Both must outlive it.
class acting {
public:
    acting(coffer::teller& teller, const principal* who) noexcept : teller_{teller} {
        if (who != nullptr)
            teller_.act_for(who->name);
    }
    acting(const acting&) = delete;
    acting& operator=(const acting&) = delete;
    ~acting() { teller_.act_for({}); }

private:
    coffer::teller& teller_;
};

}  // namespace coffer::api
