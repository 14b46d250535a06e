package oktaemu

import "testing"

func TestLastSuperAdminStaysActive(t *testing.T) {
	t.Parallel()
	w := defaultOrg(t)
	admin := "/api/v1/users/" + w.userID("admin@default.example")
	other := "/api/v1/users/" + w.userID("svc-example@default.example")
	refused := func() {
		w.refused("POST", admin+"/lifecycle/suspend", "", 403, "E0000006")
		w.refused("POST", admin+"/lifecycle/deactivate", "", 403, "E0000006")
		w.refused("DELETE", admin, "", 403, "E0000006")
	}
	refused()
	w.call("POST", other+"/roles", `{"type":"SUPER_ADMIN"}`, 201)
	w.call("POST", other+"/lifecycle/suspend", "", 200)
	refused()
	w.call("POST", other+"/lifecycle/unsuspend", "", 200)
	w.call("POST", admin+"/lifecycle/suspend", "", 200)
}
