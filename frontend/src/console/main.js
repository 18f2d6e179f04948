import "./console.scss";
import { start } from "../lib/start.js";

start();
