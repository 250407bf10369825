document.getElementById("app").textContent="The dashboard is being built.";
