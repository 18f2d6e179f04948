import "./desk.scss";
import { start } from "../lib/start.js";

start();
